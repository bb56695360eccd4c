import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import { NO_CUSTOM_KINDS } from '@countersign/core/workload/custom.ts'
import { IMAGE_FIELDS } from '@countersign/core/workload/images.ts'
import { POD_PATHS } from '@countersign/core/workload/pod.ts'
import fc from 'fast-check'
import { admissionReview, cluster, IMAGE, imageReview, UID } from '../testing/factories.ts'
import { readAdmissionReview } from './admission-review.ts'
import { readReview } from './read.ts'
import { REVIEW_PLAN } from './reading-plan.ts'
import { type ReadingPlan, readSelected } from './selective-json.ts'

const kinds = Object.entries(POD_PATHS).flatMap(([group, named]) => Object.entries(named).map(([kind, path]) => ({ group, kind, path })))
const text = fc.constantFrom('', 'true', 'nginx', IMAGE, 'web', '\u{1f600}', 'a"b', 'false')
const odd = fc.oneof({ weight: 20, arbitrary: text }, fc.constantFrom(null, 1, true, [], {}, [1], { image: 'x' }))
const some = { requiredKeys: [] as [] }
const oddly = (arbitrary: fc.Arbitrary<unknown>) => fc.oneof({ weight: 20, arbitrary }, odd)
const marks = { 'image-policy.k8s.io/break-glass': text, 'alpha.image-policy.k8s.io/break-glass': text, other: odd }
const metadata = fc.record(
  { name: text, namespace: text, generateName: text, labels: oddly(fc.record(marks, some)), annotations: oddly(fc.record(marks, some)) },
  some,
)
const item = fc.record(
  { name: odd, image: fc.oneof(text, fc.record({ reference: odd, pullPolicy: odd }, some)), env: fc.array(odd, { maxLength: 2 }) },
  some,
)
const spec = fc.record(
  {
    ...Object.fromEntries(IMAGE_FIELDS.map(({ list }) => [list, oddly(fc.array(oddly(item), { maxLength: 2 }))])),
    serviceAccountName: odd,
    serviceAccount: odd,
    nodeSelector: odd,
  },
  some,
)
const object = fc
  .tuple(
    fc.constantFrom(...kinds, { group: 'example.com', kind: 'Thing', path: ['spec'] }, { group: '', kind: 'PodList', path: [] }),
    metadata,
    metadata,
    spec,
    fc.boolean(),
  )
  .map(([{ group, kind, path }, own, ofPod, podSpec, last]) => {
    const named = { apiVersion: group === '' ? 'v1' : `${group}/v1`, kind }
    const pod: JsonObject = path.reduceRight<JsonObject>((inner, step) => ({ [step]: inner, other: 1 }), { metadata: ofPod, spec: podSpec })
    const rest: JsonObject = path.length === 0 ? { metadata: { ...own, ...ofPod }, spec: podSpec } : { metadata: own, ...pod }
    return { group, kind, object: last ? { ...rest, ...named } : { ...named, ...rest } }
  })
const review = fc
  .tuple(
    object,
    object,
    fc.constantFrom('CREATE', 'UPDATE', 'DELETE'),
    fc.record({ dryRun: odd, namespace: odd, name: odd, subResource: odd, userInfo: odd, oldObject: odd }, some),
  )
  .map(([now, before, operation, over]) => {
    const kind = { group: now.group, version: 'v1', kind: now.kind }
    return admissionReview({ kind, operation, object: now.object, oldObject: before.object, ...over })
  })

const read = (body: string) => readReview(Buffer.from(body), { cluster: cluster(), maxDepth: 100, uuid: () => 'uuid' })
/** The same review with a member that only the careful reader is sure of. */
const carefully = (body: string) => read(body.replace('{', '{"\\u0061":0,'))

describe('the plan for reviews', () => {
  it('changes nothing in what is judged, refused or passed over: reviews of every kind, in any shape', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          { weight: 9, arbitrary: review },
          spec.map((one) => imageReview([IMAGE], one as JsonObject)),
        ),
        (given) => {
          const body = JSON.stringify(given)
          assert.equal(readSelected(Buffer.from(body.replace('{', '{"\\u0061":0,')), REVIEW_PLAN, 100), undefined)
          assert.deepEqual(read(body), carefully(body))
        },
      ),
      { numRuns: 3_000 },
    )
  })

  it('is used for what API servers send, and leaves out what no rule reads', () => {
    for (const { group, kind, path } of kinds) {
      const pod = {
        metadata: { labels: { a: 'b' } },
        spec: { containers: [{ name: 'c', image: IMAGE, env: [{ name: 'SECRET', value: 'x' }] }], nodeSelector: {} },
      }
      const held = path.reduceRight<JsonObject>((inner, step) => ({ [step]: inner }), pod)
      const named = { kind, apiVersion: group === '' ? 'v1' : `${group}/v1` }
      const given = admissionReview({ object: { ...named, metadata: { managedFields: [{}] }, ...held }, kind: { group, version: 'v1', kind } })
      const selected = JSON.stringify(readSelected(Buffer.from(JSON.stringify(given)), REVIEW_PLAN, 100))
      assert.ok(selected.includes(IMAGE) && !/SECRET|nodeSelector|managedFields/.test(selected), selected)
    }
  })

  it('names every member that is looked at, whether it is there or not', () => {
    for (const { group, kind, path } of kinds) {
      const pod = {
        metadata: { labels: {}, annotations: {} },
        spec: Object.fromEntries(IMAGE_FIELDS.map(({ list, steps }) => [list, [itemOf(steps)]])),
      }
      const held = path.reduceRight<JsonObject>((inner, step) => ({ [step]: inner }), pod)
      const whole = { kind, apiVersion: group === '' ? 'v1' : `${group}/v1`, metadata: {}, ...held }
      const { request } = admissionReview({ object: whole, oldObject: whole, operation: 'UPDATE', kind: { group, version: 'v1', kind } })
      const outside: string[] = []
      const plan = 'members' in (REVIEW_PLAN as object) ? planOfMember(REVIEW_PLAN, 'request') : undefined
      const found = readAdmissionReview(watch(request, plan, { path: 'request', outside }) as JsonObject, UID, {
        cluster: cluster(),
        custom: NO_CUSTOM_KINDS,
      })
      assert.ok(found.ok && found.value !== 'NOTHING_TO_JUDGE' && found.value.images.length > 0)
      assert.deepEqual(outside, [], kind)
    }
  })
})

function itemOf(steps: readonly string[]): JsonObject {
  const [first = '', ...rest] = steps
  return { name: 'c', [first]: rest.length === 0 ? IMAGE : { [rest[0] ?? '']: IMAGE } }
}

function planOfMember(plan: ReadingPlan, name: string): ReadingPlan | undefined {
  return plan !== 'WHOLE' && 'members' in plan ? [...plan.members.values()].find((member) => member.name === name)?.plan : undefined
}

/** A value that notes each member which somebody looks at and the plan does not name. */
function watch(value: unknown, plan: ReadingPlan | undefined, seen: { readonly path: string; readonly outside: string[] }): unknown {
  if (typeof value !== 'object' || value === null || plan === 'WHOLE' || plan === undefined) return value
  if (Array.isArray(value)) return 'items' in plan ? value.map((one) => watch(one, plan.items, seen)) : value
  if ('planOf' in plan && isJsonObject(value)) return watch(value, plan.planOf(String(value['apiVersion']), String(value['kind'])), seen)
  const note = (name: string | symbol) => {
    if (typeof name === 'string' && planOfMember(plan, name) === undefined) seen.outside.push(`${seen.path}.${name}`)
  }
  return new Proxy(value, {
    get: (target, name) => {
      note(name)
      const member: unknown = Reflect.get(target, name)
      return typeof name === 'string' ? watch(member, planOfMember(plan, name), { ...seen, path: `${seen.path}.${name}` }) : member
    },
    has: (target, name) => (note(name), Reflect.has(target, name)),
    getOwnPropertyDescriptor: (target, name) => (note(name), Reflect.getOwnPropertyDescriptor(target, name)),
    ownKeys: (target) => (seen.outside.push(`${seen.path}.*`), Reflect.ownKeys(target)),
  })
}
