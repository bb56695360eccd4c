import { type DescService, fromJson, type JsonValue, toJson } from '@bufbuild/protobuf'
import type { ServedService } from '@countersign/api/rest/service-implementation.ts'
import { StatusError } from '@countersign/core/status.ts'

/** What a call of the fake server collects beside its answer. */
export interface FakeCall {
  readonly warnings: string[]
}

/** A JSON object whose members a test's server trusts. */
export type Json = { readonly [member: string]: JsonValue }

/** Serves a service by functions from request JSON to answer JSON; the transcoder checks both against the messages. */
export function serveJson(
  service: DescService,
  methods: Readonly<Record<string, (request: Json, call: FakeCall) => Promise<unknown>>>,
): ServedService<FakeCall> {
  return {
    service,
    async call(method, request, context) {
      const run = methods[method.localName]
      if (run === undefined) throw new StatusError('UNIMPLEMENTED', `the fake does not serve ${method.name}`)
      const answer = await run(toJson(method.input, request, { alwaysEmitImplicit: true }) as Json, context)
      return fromJson(method.output, JSON.parse(JSON.stringify(answer ?? {})) as JsonValue)
    },
  }
}

/** The page that a request asks for. */
export function pageIn(request: Json): { readonly pageSize: number; readonly pageToken: string } {
  return { pageSize: Number(request['pageSize']), pageToken: typeof request['pageToken'] === 'string' ? request['pageToken'] : '' }
}
