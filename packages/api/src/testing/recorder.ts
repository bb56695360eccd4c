import assert from 'node:assert/strict'
import type { DescMethod, Message } from '@bufbuild/protobuf'
import { create, toJson } from '@bufbuild/protobuf'
import type { RestHandler, RestResponse } from '../rest/rest-handler.ts'
import { makeRestHandler } from '../rest/rest-handler.ts'
import type { ServedService } from '../rest/service-implementation.ts'
import { allServices } from './all-services.ts'

/** A call that reached a method. */
export interface Call {
  readonly method: DescMethod
  readonly request: Message
}

/** A REST door whose services only note what they are asked. */
export interface Recorder {
  readonly handler: RestHandler<undefined>
  readonly calls: readonly Call[]
  send(method: string, url: string, body?: unknown): Promise<RestResponse>
  last(): Call | undefined
}

/** All services, each noting what it was asked and answering an empty message, or what `answer` makes. */
export function makeRecorder(answer?: (method: DescMethod) => Message): Recorder {
  const calls: Call[] = []
  const services: ServedService<undefined>[] = allServices.map((service) => ({
    service,
    call: async (method, request) => {
      calls.push({ method, request })
      return answer?.(method) ?? create(method.output)
    },
  }))
  const handler = makeRestHandler(services)
  const send = async (method: string, url: string, body: unknown = ''): Promise<RestResponse> =>
    await handler.handle({ method, url, body: new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)) }, undefined)
  return { handler, calls, send, last: () => calls.at(-1) }
}

/** An answer's body as text. */
export function textOf(response: RestResponse): string {
  return new TextDecoder().decode(response.body)
}

/** The error in an answer's body. */
export function errorOf(response: RestResponse): { code: number; message: string; status: string } {
  return (JSON.parse(textOf(response)) as { error: { code: number; message: string; status: string } }).error
}

/** The request message of a call as JSON. */
export function requestJson(call: Call | undefined): unknown {
  assert.ok(call)
  return toJson(call.method.input, call.request)
}
