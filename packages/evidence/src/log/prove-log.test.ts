import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Checkpoint } from './checkpoint.ts'
import { makeMerkleTree } from './merkle.ts'
import { type LogVerdict, proveLog } from './prove-log.ts'
import { formatLeaf, type Segment } from './segment.ts'

const SEGMENTS: readonly Segment[] = [
  { start: 0, writer: 'a', first: 1, last: 3 },
  { start: 3, writer: 'b', first: 1, last: 1 },
  { start: 4, writer: 'a', first: 4, last: 5 },
]
const HASHES = new Map([
  ['a', ['a1', 'a2', 'a3', 'a4', 'a5', 'later']],
  ['b', ['b1']],
])

function checkpointOf(size: number, hashes: ReadonlyMap<string, readonly string[]> = HASHES): Checkpoint {
  const tree = makeMerkleTree()
  for (const { writer, first, last } of SEGMENTS)
    for (let sequence = first; sequence <= last && tree.size < size; sequence++)
      tree.append(formatLeaf(writer, sequence, hashes.get(writer)?.[sequence - 1] ?? ''))
  return { origin: 'log', size, root: tree.root() }
}

const summary = (verdict: LogVerdict) => (verdict.outcome === 'PROVEN' ? verdict.size : [verdict.fault, verdict.at?.writer, verdict.at?.sequence])

test('proveLog() proves a log against each of its checkpoints, in any order, and what came later is not held against it', () => {
  assert.equal(
    summary(
      proveLog(
        { segments: SEGMENTS, hashes: HASHES },
        [6, 0, 3, 4].map((size) => checkpointOf(size)),
      ),
    ),
    6,
  )
  assert.equal(summary(proveLog({ segments: SEGMENTS, hashes: HASHES }, [checkpointOf(2)])), 2)
  assert.equal(summary(proveLog({ segments: [], hashes: HASHES }, [])), 0)
})

test('proveLog() names the first record that nothing proves where the log was rewritten', () => {
  const rewritten = new Map([...HASHES, ['a', ['a1', 'a2', 'a3', 'x', 'y']]])
  const at = (sizes: readonly number[]) =>
    summary(
      proveLog(
        { segments: SEGMENTS, hashes: rewritten },
        sizes.map((size) => checkpointOf(size)),
      ),
    )
  assert.deepEqual(at([4, 6]), ['REWRITTEN', 'a', 4])
  assert.deepEqual(at([3, 6]), ['REWRITTEN', 'b', 1])
  assert.deepEqual(at([6]), ['REWRITTEN', 'a', 1])
  assert.equal(at([4]), 4)
})

test('proveLog() names what was sealed and is not there', () => {
  const cut = new Map([...HASHES, ['a', ['a1', 'a2', 'a3', 'a4']]])
  assert.deepEqual(summary(proveLog({ segments: SEGMENTS, hashes: cut }, [checkpointOf(6)])), ['TRUNCATED', 'a', 5])
  assert.deepEqual(summary(proveLog({ segments: SEGMENTS.slice(0, 2), hashes: HASHES }, [checkpointOf(6)])), ['TRUNCATED', 'b', 1])
  assert.deepEqual(summary(proveLog({ segments: [], hashes: HASHES }, [checkpointOf(6)])), ['TRUNCATED', undefined, undefined])
})

test('proveLog() refuses segments that leave out, double or move a record', () => {
  const [one, two, three] = SEGMENTS as readonly [Segment, Segment, Segment]
  for (const segments of [
    [two],
    [one, three],
    [one, { ...two, start: 4 }],
    [{ ...one, first: 2 }],
    [one, { ...one, start: 3 }],
    [{ ...one, last: 0 }],
  ])
    assert.equal(proveLog({ segments, hashes: HASHES }, []).outcome, 'BROKEN')
})
