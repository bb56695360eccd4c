import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { makeZip } from '../testing/make-zip.ts'
import { readApk } from './apk.ts'
import { readDpkg } from './dpkg.ts'
import { findReader } from './find-reader.ts'
import { readGo } from './go.ts'
import { readJava } from './java.ts'
import { readRpmHeader } from './rpm-header.ts'

const PATHS = [
  'etc/os-release',
  'var/lib/dpkg/status',
  'lib/apk/db/installed',
  'var/lib/rpm/rpmdb.sqlite',
  'var/lib/rpm/Packages',
  'a/node_modules/b/package.json',
  'a.dist-info/METADATA',
  'a.jar',
]
const GO = Buffer.concat([
  Buffer.from('\x7fELF', 'latin1'),
  Buffer.alloc(12),
  Buffer.from('\xff Go buildinf:\x08\x02', 'latin1'),
  Buffer.alloc(16),
  Buffer.from('\x06go1.22\x24'),
  Buffer.alloc(16),
  Buffer.from('dep\t'),
  Buffer.alloc(16),
])

describe('every reader gives facts for', () => {
  for (const path of PATHS) {
    test(`any bytes at ${path}`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.oneof(
            fc.uint8Array({ maxLength: 400 }),
            fc.string().map((text) => Buffer.from(text)),
            fc.json().map((text) => Buffer.from(text)),
          ),
          async (bytes) => {
            assert.equal(typeof (await findReader(path)?.read(bytes, path, { bytes: 1e6 })), 'object')
          },
        ),
      )
    })
  }

  test('a jar with any byte changed', async () => {
    const jar = makeZip({ 'META-INF/maven/g/a/pom.properties': 'groupId=g\nartifactId=a\nversion=1\n', 'b.jar': makeZip({ c: 'x' }) })
    await fc.assert(
      fc.asyncProperty(fc.nat(jar.length - 1), fc.nat(255), async (at, byte) => {
        const broken = Buffer.from(jar)
        broken[at] = byte
        assert.equal(typeof (await readJava(broken, 'a.jar', { bytes: 1e6 })), 'object')
      }),
    )
  })

  test('a Go program with any byte changed, cut anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(GO.length - 1), fc.nat(255), fc.integer({ min: 1, max: GO.length }), async (at, byte, size) => {
        const broken = Buffer.from(GO)
        broken[at] = byte
        async function* chunks(): AsyncGenerator<Uint8Array> {
          for (let from = 0; from < broken.length; from += size) yield broken.subarray(from, from + size)
        }
        assert.equal(typeof (await readGo(chunks(), 'a')), 'object')
      }),
    )
  })

  test('any header of rpm', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void readRpmHeader(bytes)))
  })
})

describe('a bound ends', () => {
  test('lists of packages without end', () => {
    const [dpkg, apk] = ['Package: a\nVersion: 1\n\n', 'P:a\nV:1\n\n'].map((entry) => Buffer.from(entry.repeat(200_001)))
    assert.throws(() => readDpkg(dpkg ?? Buffer.alloc(0), 'status'), { code: 'RESOURCE_EXHAUSTED' })
    assert.throws(() => readApk(apk ?? Buffer.alloc(0), 'installed'), { code: 'RESOURCE_EXHAUSTED' })
  })

  test('archives inside an archive that unpack to more than the image may', async () => {
    const bomb = makeZip(Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${index}.jar`, Buffer.alloc(1024 * 1024)])))
    await assert.rejects(readJava(bomb, 'bomb.jar', { bytes: 8 * 1024 * 1024 }), { code: 'RESOURCE_EXHAUSTED' })
  })

  test('lines of blanks in quadratic time', () => {
    const blanks = Buffer.from(`${' '.repeat(200_000)}\n`.repeat(20))
    assert.deepEqual([readDpkg(blanks, 'status'), readApk(blanks, 'installed')], [{ packages: [] }, { packages: [] }])
  })
})
