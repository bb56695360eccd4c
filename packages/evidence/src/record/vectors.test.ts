import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { makeReplayer } from './replayer.ts'

const FOLDER = new URL('../../../../vectors/receipts/', import.meta.url)
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.jsonl'))

for (const file of files) {
  test(`vectors/receipts/${file}: every receipt of that release replays without a difference`, () => {
    const replayer = makeReplayer()
    let replayed = 0
    for (const line of readFileSync(new URL(file, FOLDER), 'utf8').trimEnd().split('\n')) {
      const tree = JSON.parse(line)
      if (!('canonical' in tree)) assert.ok(replayer.learn(tree), line)
      else {
        assert.deepEqual(replayer.replay(tree), { outcome: 'AGREES' }, tree.digest)
        replayed++
      }
    }
    assert.ok(replayed >= 20)
  })
}

test('there are vectors', () => assert.ok(files.length > 0))
