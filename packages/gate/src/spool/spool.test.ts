import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { StatusError } from '@countersign/core/status.ts'
import { verifyChain } from '@countersign/evidence/record/chain.ts'
import type { SpoolRecord } from '../ports.ts'
import { memoryLog } from '../testing/factories.ts'
import { MemorySink } from '../testing/memory-world.ts'
import { Shipper } from './shipper.ts'
import { Spool, type SpoolOptions } from './spool.ts'

const folders: string[] = []
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'spool-'))
  folders.push(folder)
  return folder
}

function open(folder: string, over: Partial<SpoolOptions> = {}): Spool {
  return new Spool({ folder, newWriter: () => 'gate-1', maxBytes: 1e9, segmentBytes: 1e6, ...over })
}

function append(spool: Spool, canonical: string): Promise<string | undefined> {
  return new Promise((resolve) => spool.append({ canonical }, (failure) => resolve(failure?.code)))
}

async function fill(spool: Spool, count: number, first = 1): Promise<void> {
  for (let index = first; index < first + count; index++) assert.equal(await append(spool, `{"n":${index}}`), undefined)
}

const segments = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.jsonl'))

async function assertChain(records: readonly SpoolRecord[], count: number): Promise<void> {
  assert.deepEqual(
    records.map((record) => JSON.parse(record.canonical).n),
    Array.from({ length: count }, (_, index) => index + 1),
  )
  assert.equal((await verifyChain('gate-1', records)).outcome, 'INTACT')
}

describe('a spool', () => {
  it('goes on where it stopped, with the same writer and one unbroken chain', async () => {
    const folder = newFolder()
    const first = open(folder)
    await fill(first, 3)
    await first.close()
    const second = open(folder, { newWriter: () => 'another' })
    await fill(second, 2, 4)
    assert.deepEqual([second.writer, second.recovery.tornBytes, second.recovery.damaged, second.sequence], ['gate-1', 0, false, 5])
    await assertChain(second.readAfter(0, 100), 5)
    await second.close()
  })

  it('gives records that came together consecutive places, and closes a group that is large at once', async () => {
    const spool = open(newFolder())
    const groups: number[] = []
    spool.onDurable = (records) => groups.push(records.length)
    await Promise.all(Array.from({ length: 100 }, (_, index) => append(spool, `{"n":${index + 1}}`)))
    await assertChain(spool.readAfter(0, 100), 100)
    assert.deepEqual(groups, [96, 4])
    await spool.close()
  })

  for (const [name, tear] of [
    ['half a line', (path: string) => appendFileSync(path, '{"sequence":4,"previousHash":"p')],
    ['a whole line of another chain', (path: string) => appendFileSync(path, readFileSync(path, 'utf8').split('\n')[1] + '\n')],
    ['zeros, as some file systems leave', (path: string) => appendFileSync(path, Buffer.alloc(4096))],
    ['a line without its line feed', (path: string) => truncateSync(path, readFileSync(path).length - 1)],
  ] as const) {
    it(`cuts off a torn tail and goes on behind the last good record: ${name}`, async () => {
      const folder = newFolder()
      const before = open(folder)
      await fill(before, 3)
      await before.close()
      tear(join(folder, segments(folder)[0] ?? ''))
      const after = open(folder)
      const good = after.sequence
      assert.ok(after.recovery.tornBytes > 0 && !after.recovery.damaged && good >= 2)
      await fill(after, 1, good + 1)
      await assertChain(after.readAfter(0, 100), good + 1)
      assert.equal(readdirSync(folder).filter((file) => file.endsWith('.torn')).length, 1)
      await after.close()
    })
  }

  it('tells damage from a torn tail: what stood before the last segment was answered', async () => {
    const folder = newFolder()
    const before = open(folder, { segmentBytes: 700 })
    await fill(before, 10)
    await before.close()
    const [first = ''] = segments(folder).sort()
    const bytes = readFileSync(join(folder, first))
    bytes[bytes.length - 3] = 0x30
    writeFileSync(join(folder, first), bytes)
    const after = open(folder)
    const { damaged, tornBytes } = after.recovery
    assert.ok(damaged && tornBytes > 0)
    await after.close()
  })

  it('cuts off at every single byte and never gives a record that is not whole', async () => {
    const folder = newFolder()
    const before = open(folder)
    await fill(before, 3)
    await before.close()
    const [file = ''] = segments(folder)
    const whole = readFileSync(join(folder, file))
    for (let length = 0; length < whole.length; length++) {
      const torn = newFolder()
      writeFileSync(join(torn, file), whole.subarray(0, length))
      const spool = open(torn)
      await assertChain(
        spool.readAfter(0, 100),
        whole.subarray(0, length).toString().split('\n').length - 2 < 0 ? 0 : whole.subarray(0, length).toString().split('\n').length - 2,
      )
      await spool.close()
    }
  })

  it('begins new segments, and forgets those that the store has', async () => {
    const folder = newFolder()
    const spool = open(folder, { segmentBytes: 700 })
    await fill(spool, 10)
    const before = segments(folder).length
    spool.forget(10)
    assert.ok(before > 2)
    assert.equal(segments(folder).length, 1)
    await spool.close()
    const again = open(folder)
    assert.deepEqual([again.writer, again.sequence], ['gate-1', 10])
    await again.close()
  })

  it('refuses records when it is full, and takes them again when the store took what it held', async () => {
    const spool = open(newFolder(), { maxBytes: 2_000, segmentBytes: 700 })
    await fill(spool, 3)
    let refused: string | undefined
    let taken = 3
    while ((refused = await append(spool, `{"n":${taken + 1}}`)) === undefined) taken++
    assert.equal(refused, 'RESOURCE_EXHAUSTED')
    spool.forget(taken)
    assert.equal(await append(spool, `{"n":${taken + 1}}`), undefined)
    await spool.close()
  })

  it('tells every waiter when it cannot be written, and recovers when it can be again', async () => {
    const folder = newFolder()
    const spool = open(folder)
    rmSync(folder, { recursive: true })
    const failed = await Promise.all([append(spool, '{"n":1}'), append(spool, '{"n":2}')])
    assert.deepEqual(failed, ['UNAVAILABLE', 'UNAVAILABLE'])
    folders.push(folder)
    ;(await import('node:fs')).mkdirSync(folder)
    await fill(spool, 1)
    await assertChain(spool.readAfter(0, 100), 1)
    await spool.close()
  })
})

describe('the shipper', () => {
  it('carries everything once the store is back, what was before the start included', async () => {
    const folder = newFolder()
    const before = open(folder)
    await fill(before, 3)
    await before.close()
    const spool = open(folder)
    const sink = new MemorySink()
    const shipper = new Shipper(spool, sink, memoryLog())
    spool.onDurable = (records) => shipper.offer(records)
    sink.away = true
    await fill(spool, 3, 4)
    sink.away = false
    await shipper.drain()
    await assertChain(sink.records.get('gate-1') ?? [], 6)
    assert.equal(shipper.shipped, 6)
    shipper.close()
    await spool.close()
  })

  it('ships again what the store has already, and the store keeps it once', async () => {
    const folder = newFolder()
    const sink = new MemorySink()
    for (const first of [1, 3]) {
      const spool = open(folder)
      const shipper = new Shipper(spool, sink, memoryLog())
      spool.onDurable = (records) => shipper.offer(records)
      await fill(spool, 2, first)
      await shipper.drain()
      shipper.close()
      await spool.close()
    }
    await assertChain(sink.records.get('gate-1') ?? [], 4)
  })

  it('alarms once where the store refuses its records again and again, says why, and keeps them', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const spool = open(newFolder())
    const log = memoryLog()
    let calls = 0
    const refusing = {
      ship: () => {
        calls++
        return Promise.reject(new StatusError('DATA_LOSS', 'Cannot take record 1 of writer "gate-1": another record has its place'))
      },
    }
    const shipper = new Shipper(spool, refusing, log)
    await fill(spool, 2)
    shipper.start()
    while (calls < 15) {
      await new Promise(setImmediate)
      t.mock.timers.tick(60_000)
    }
    const alarms = log.lines.filter((line) => line.startsWith('alarm'))
    assert.deepEqual(alarms, ['alarm: Decisions have waited in the spool for long: when it is full, nothing is decided any more'])
    assert.equal(spool.readAfter(0, 10).length, 2)
    shipper.close()
    await spool.close()
  })
})
