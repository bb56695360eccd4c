import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusError } from '@countersign/core/status.ts'
import { unreachable } from './unreachable.ts'

const refused = (): Error => Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' })

test('unreachable() advises whoever can do something about it, and nobody else', () => {
  const advice = { REFUSED: 'start it' }
  assert.equal(unreachable('https://a.example', refused(), advice).message, 'Cannot reach https://a.example: nothing listens there; start it')
  assert.equal(unreachable('https://a.example', new Error('no answer'), advice).message, 'Cannot reach https://a.example: no answer')
})

test('unreachable() tells in other words what was told already, by its cause', () => {
  const told = unreachable('https://a.example', refused())
  assert.deepEqual([told.code, unreachable('the API server', told).message], ['UNAVAILABLE', 'Cannot reach the API server: nothing listens there'])
})

test('unreachable() leaves what was reached, and refused, as it is', () => {
  const denied = new StatusError('PERMISSION_DENIED', 'no')
  assert.equal(unreachable('https://a.example', denied), denied)
})
