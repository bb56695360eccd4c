import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Message } from '@bufbuild/protobuf'
import { reflect } from '@bufbuild/protobuf/reflect'
import { allServices } from '../testing/all-services.ts'
import type { Call } from '../testing/recorder.ts'
import { makeRecorder, textOf } from '../testing/recorder.ts'
import type { Route } from './router.ts'

function samplePath({ template }: Route): string {
  const steps = template.steps.map((step, index) => (typeof step === 'string' ? `x${index}` : step.literal))
  return `/${steps.join('/')}${template.verb === '' ? '' : `:${template.verb}`}`
}

describe('every http rule', () => {
  const { handler, calls, send } = makeRecorder()
  for (const route of handler.router.routes) {
    test(`${route.httpMethod} ${samplePath(route)} reaches ${route.method.parent.name}.${route.method.name}`, async () => {
      for (const path of [samplePath(route), ...(route.template.verb === '' ? [`${samplePath(route)}/`] : [])]) {
        const response = await send(route.httpMethod, path, route.body === '' ? '' : {})
        assert.equal(response.status, 200, textOf(response))
        const call = calls.at(-1)
        assert.equal(call?.method, route.method)
        for (const { fieldPath, start, end } of route.template.variables) {
          const expected = route.template.steps
            .slice(start, end)
            .map((step, index) => (typeof step === 'string' ? `x${start + index}` : step.literal))
          assert.equal(readPath(call, fieldPath), expected.join('/'))
        }
      }
    })
  }
})

function readPath(call: Call | undefined, fieldPath: readonly string[]): unknown {
  assert.ok(call)
  return fieldPath.reduce<unknown>((value, name) => {
    const message = reflect(...reflectArguments(value as Message))
    const field = message.fields.find((one) => one.name === name)
    assert.ok(field)
    const inner: unknown = message.get(field)
    return typeof inner === 'object' && inner !== null && 'message' in inner ? inner.message : inner
  }, call.request)
}

function reflectArguments(message: Message): Parameters<typeof reflect> {
  const inputs = allServices.flatMap((service) => service.methods.map(({ input }) => input))
  const schema = [...inputs, ...inputs.flatMap((input) => input.fields.flatMap((field) => field.message ?? []))].find(
    ({ typeName }) => typeName === message.$typeName,
  )
  assert.ok(schema)
  return [schema, message]
}
