import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { StatusError } from '@countersign/core/status.ts'
import { formatStatus, parseErrorAnswer, STATUS_TABLE, statusOf } from './status-table.ts'

describe('the table of google/rpc/code.proto', () => {
  test('numbers the sixteen codes from 1 on, each once', () => {
    const numbers = Object.values(STATUS_TABLE).map(({ number }) => number)
    assert.deepEqual(new Set(numbers), new Set(Array.from({ length: 16 }, (_, index) => index + 1)))
  })

  test('a client reads back the error that a server wrote', () => {
    for (const code of Object.keys(STATUS_TABLE) as (keyof typeof STATUS_TABLE)[]) {
      const { httpStatus, body } = formatStatus(new StatusError(code, 'what is wrong'))
      const { code: read, message } = parseErrorAnswer(httpStatus, JSON.parse(JSON.stringify(body)))
      assert.deepEqual([read, message], [code, 'what is wrong'])
    }
  })

  test('an answer that is no error body is judged by its HTTP status', () => {
    const codes = [400, 401, 403, 404, 409, 413, 429, 500, 502, 503, 504, 418].map((status) => parseErrorAnswer(status, '<html>').code)
    assert.deepEqual(codes, [
      'INVALID_ARGUMENT',
      'UNAUTHENTICATED',
      'PERMISSION_DENIED',
      'NOT_FOUND',
      'ABORTED',
      'RESOURCE_EXHAUSTED',
      'RESOURCE_EXHAUSTED',
      'UNKNOWN',
      'UNAVAILABLE',
      'UNAVAILABLE',
      'DEADLINE_EXCEEDED',
      'UNKNOWN',
    ])
  })

  test('what is no StatusError becomes INTERNAL and keeps its text in the cause', () => {
    const cause = new Error('secret')
    const { code, message, cause: kept } = statusOf(cause)
    assert.deepEqual([code, message, kept], ['INTERNAL', 'Internal error', cause])
  })
})
