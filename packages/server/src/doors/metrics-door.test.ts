import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MeasuredGate, openMetricsDoor } from './metrics-door.ts'

const GATE: MeasuredGate = { position: 42, staleForMs: 1500, unshipped: 3, counters: { 'answers.denied': 7, 'undecided.STALE': 1 } }

async function open(gate: () => Promise<MeasuredGate>) {
  const door = await openMetricsDoor({ host: '127.0.0.1', port: 0 }, gate)
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${door.port}${path}`)
    return { status: answer.status, lines: (await answer.text()).split('\n').filter((line) => line.startsWith('countersign_')) }
  }
  return { door, get }
}

test('GET /metrics tells how the gate stands, each time anew', async (t) => {
  let seen = GATE
  const { door, get } = await open(async () => seen)
  t.after(() => door.close())
  assert.deepEqual(await get('/metrics'), {
    status: 200,
    lines: [
      'countersign_gate_up 1',
      'countersign_gate_feed_position 42',
      'countersign_gate_stale_seconds 1.5',
      'countersign_gate_unshipped_records 3',
      'countersign_gate_answers_total{verdict="denied"} 7',
      'countersign_gate_undecided_total{reason="STALE"} 1',
    ],
  })
  seen = { ...GATE, counters: { 'answers.denied': 8 } }
  assert.ok((await get('/metrics')).lines.includes('countersign_gate_answers_total{verdict="denied"} 8'))
})

test('a gate that does not answer is told as down, and nothing else is served', async (t) => {
  const { door, get } = await open(() => Promise.reject(new Error('silent')))
  t.after(() => door.close())
  assert.equal((await get('/metrics')).lines[0], 'countersign_gate_up 0')
  assert.deepEqual(await get('/'), { status: 404, lines: [] })
})
