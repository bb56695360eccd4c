import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusError } from '@countersign/core/status.ts'
import type { Caller } from '@countersign/service/access/caller.ts'
import { makeChangeStreams } from './change-stream.ts'

const CALLER: Caller = { principal: 'token:1', role: 'gate', notes: [] }
const never = (): never => {
  throw new Error('nothing is looked up for an address that is none')
}

for (const url of ['//', '/countersign/v1/projects/%zz/clusters/a.b/changes', '/countersign/v1/projects/p/clusters/a.b', 'http://[/']) {
  test(`open() refuses "${url}" as a path without events, not as a fault of the server`, async () => {
    const streams = makeChangeStreams({ gates: { follow: never }, sources: { of: never, close: never }, authenticate: never })
    const opened = streams.open({ url, lastEventId: undefined, authorization: undefined }, CALLER)
    await assert.rejects(opened, (error) => error instanceof StatusError && error.code === 'NOT_FOUND')
  })
}
