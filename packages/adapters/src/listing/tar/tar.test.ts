import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, linkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { makeTar } from '../../testing/make-tar.ts'
import type { Bytes } from './byte-source.ts'
import { readTar } from './tar.ts'
import { unpack } from './unpack.ts'

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function listTar(bytes: Bytes): Promise<readonly (readonly [string, string, string])[]> {
  const found: (readonly [string, string, string])[] = []
  for await (const entry of readTar(bytes)) {
    found.push([entry.path, entry.kind, entry.kind === 'FILE' ? Buffer.from(await entry.bytes()).toString() : entry.link])
  }
  return found
}

const LONG = `${'deep/'.repeat(40)}${'n'.repeat(120)}`

describe('readTar()', () => {
  for (const format of ['ustar', 'pax', 'gnu', 'v7'] as const) {
    test(`reads what tar writes as ${format}`, async (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'tar-'))
      t.after(() => rmSync(folder, { recursive: true }))
      const long = format === 'ustar' || format === 'v7' ? 'short' : LONG
      mkdirSync(join(folder, 'root', long, '..'), { recursive: true })
      writeFileSync(join(folder, 'root', long), 'long')
      writeFileSync(join(folder, 'root', 'ä.txt'), 'x'.repeat(1024))
      linkSync(join(folder, 'root', 'ä.txt'), join(folder, 'root', 'hard'))
      symlinkSync('../../etc/passwd', join(folder, 'root', 'soft'))
      execFileSync('tar', [`--format=${format}`, '--sort=name', '-C', join(folder, 'root'), '-cf', join(folder, 'a.tar'), '.'])
      const bytes = execFileSync('cat', [join(folder, 'a.tar')])
      const found = new Map((await listTar(pieces(bytes, 777))).map(([path, ...rest]) => [path, rest]))
      assert.deepEqual(found.get(long), ['FILE', 'long'])
      assert.deepEqual(found.get('soft'), ['SYMBOLIC_LINK', '../../etc/passwd'])
      assert.deepEqual(
        [found.get('hard'), found.get('ä.txt')],
        [
          ['FILE', 'x'.repeat(1024)],
          ['HARD_LINK', 'hard'],
        ],
      )
    })
  }

  test('keeps every path below the root', async () => {
    const bytes = makeTar([
      { path: '../../etc/passwd', body: 'a' },
      { path: '/abs//./x/../y', body: 'b' },
      { path: './', kind: '5' },
    ])
    assert.deepEqual(
      (await listTar(pieces(bytes, 512))).map(([path]) => path),
      ['etc/passwd', 'abs/y', ''],
    )
  })

  for (const [what, bytes] of [
    ['ends inside a file', makeTar([{ path: 'a', body: 'x'.repeat(2000) }]).subarray(0, 1500)],
    ['ends inside a header', makeTar([{ path: 'a', body: 'x' }]).subarray(0, 700 + 512)],
    ['has a wrong checksum', Buffer.concat([Buffer.from('a'), makeTar([{ path: 'b', body: '' }]).subarray(1)])],
    ['claims more bytes than there are', makeTar([{ path: 'a', body: 'x', size: 8 ** 10 }])],
  ] as const) {
    test(`refuses an archive that ${what}`, async () => {
      await assert.rejects(listTar(pieces(bytes, 512)), { code: 'DATA_LOSS' })
    })
  }

  test('refuses a path that is too long', async () => {
    await assert.rejects(listTar(pieces(makeTar([{ path: 'a/'.repeat(4000), body: '' }]), 4096)), { code: 'RESOURCE_EXHAUSTED' })
  })

  test('gives entries or a clear error for any bytes', async () => {
    const archive = makeTar([
      { path: 'a', body: 'hello' },
      { path: LONG, body: 'x'.repeat(600) },
    ])
    await fc.assert(
      fc.asyncProperty(fc.nat(archive.length - 1), fc.nat(255), fc.integer({ min: 1, max: 5000 }), async (at, byte, size) => {
        const broken = Buffer.from(archive)
        broken[at] = byte
        await listTar(pieces(broken, size)).catch((error: unknown) => assert.match(String(error), /Cannot list what is in the image/))
      }),
      { numRuns: 200 },
    )
  })
})

describe('unpack()', () => {
  const plain = Buffer.from('the same bytes '.repeat(5000))
  for (const [how, packed] of [
    ['gzip', gzipSync(plain)],
    ['several gzip members', Buffer.concat([gzipSync(plain.subarray(0, 99)), gzipSync(plain.subarray(99))])],
    ['zstd', zstdCompressSync(plain)],
    ['nothing', plain],
  ] as const) {
    test(`unpacks ${how}`, async () => {
      const found = Buffer.concat(await Array.fromAsync(unpack(pieces(packed, 1), { bytes: plain.length })))
      assert.ok(found.equals(plain))
    })
  }

  test('stops a bomb where the allowance ends', async () => {
    const bomb = gzipSync(Buffer.alloc(50 * 1024 ** 2))
    await assert.rejects(Array.fromAsync(unpack(pieces(bomb, 4096), { bytes: 1024 ** 2 })), { code: 'RESOURCE_EXHAUSTED' })
  })

  for (const [how, packed] of [
    ['gzip', gzipSync(plain)],
    ['zstd', zstdCompressSync(plain)],
  ] as const) {
    test(`refuses ${how} that is cut off`, async () => {
      await assert.rejects(Array.fromAsync(unpack(pieces(packed.subarray(0, -10), 64), { bytes: 1e9 })), { code: 'DATA_LOSS' })
    })
  }
})
