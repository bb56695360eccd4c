import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, it } from 'node:test'
import { DEFAULT_GATE_SETTINGS } from '../settings.ts'
import { LARGE_BODY_BYTES } from './large-bodies.ts'
import { newDoorState, receive } from './listener.ts'
import { newCounters } from './metrics.ts'

const LARGE = LARGE_BODY_BYTES + 1
const OVERLOADED = { status: 503, body: 'overloaded' }

/** A door without a socket: what arrives on it, and in which order it is answered. */
function openDoor() {
  const state = newDoorState()
  const counters = newCounters()
  const asked: string[] = []
  const answers: string[] = []
  const handle = ({ url }: { readonly url: string }) => {
    asked.push(url)
    return Promise.resolve({ status: 200, body: url })
  }
  const parts = { settings: DEFAULT_GATE_SETTINGS, counters, handle, state, overloaded: () => OVERLOADED, refuseTooLarge: () => OVERLOADED }
  const arrive = (url: string, bytes: number) => {
    const request = Object.assign(new EventEmitter(), { method: 'POST', url, headers: {}, socket: {}, destroy: () => undefined })
    const response = Object.assign(new EventEmitter(), { writeHead: () => undefined, end: (body: string) => void answers.push(body) })
    receive(request as unknown as IncomingMessage, response as unknown as ServerResponse, parts)
    request.emit('data', Buffer.alloc(bytes))
    request.emit('end')
    return { hangUp: () => response.emit('close') }
  }
  return { arrive, asked, answers, counters, state }
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('large bodies', () => {
  it('are read one in a turn, in the order in which they came, behind all small ones that came before that turn', async () => {
    const { arrive, answers, asked } = openDoor()
    for (const name of ['large 1', 'large 2', 'large 3']) arrive(name, LARGE)
    arrive('small 1', 10)
    assert.deepEqual(asked, ['small 1'])
    for (const name of ['small 2', 'small 3', 'small 4']) {
      await nextTurn()
      arrive(name, LARGE_BODY_BYTES)
    }
    await nextTurn()
    assert.deepEqual(answers, ['small 1', 'large 1', 'small 2', 'large 2', 'small 3', 'large 3', 'small 4'])
  })

  it('are refused where their turn did not come before their sender’s deadline', async (test) => {
    test.mock.timers.enable({ apis: ['setTimeout'] })
    const { arrive, answers, asked, counters } = openDoor()
    arrive('/late?timeout=2s', LARGE)
    arrive('/patient?timeout=3s', LARGE)
    test.mock.timers.tick(2_000)
    await nextTurn()
    await nextTurn()
    assert.deepEqual([answers, asked, counters.refusedByDoor.overloaded], [['overloaded', '/patient?timeout=3s'], ['/patient?timeout=3s'], 1])
  })

  it('are not read any more when their sender has hung up', async () => {
    const { arrive, asked, state } = openDoor()
    arrive('gone', LARGE).hangUp()
    arrive('there', LARGE)
    await nextTurn()
    await nextTurn()
    assert.deepEqual([asked, state.bytesInFlight], [['there'], LARGE])
  })
})
