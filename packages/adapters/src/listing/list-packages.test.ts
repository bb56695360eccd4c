import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { LISTING_BOUNDS } from './bounds.ts'
import { listPackages } from './list-packages.ts'
import { readGo } from './readers/go.ts'
import { makeTar, type TarInput } from '../testing/make-tar.ts'
import { makeZip } from './testing/make-zip.ts'
import { memoryImage } from './testing/memory-image.ts'

const DEBIAN: TarInput = { path: 'usr/lib/os-release', body: 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n' }
const ALPINE: TarInput = { path: 'etc/os-release', body: 'ID=alpine\nVERSION_ID=3.19.1\nPRETTY_NAME="Alpine Linux v3.19"\n' }

function stanza(name: string, version: string, more = ''): string {
  return `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\n${more}Version: ${version}\nDescription: text\n more text\n .\n Version: 9\n\n`
}

async function list(...layers: readonly (readonly TarInput[] | Uint8Array)[]) {
  const { packages, problems, distribution, unsupported } = await listPackages(memoryImage(...layers))
  return {
    packages: packages.map(({ type, name, version, source }) => [type, name, version, source?.name, source?.version].join(' ').trim()),
    problems,
    distribution,
    ...(unsupported === undefined ? {} : { unsupported }),
  }
}

describe('listPackages() reads', () => {
  test('what dpkg has installed, with the source and its version', async () => {
    const status = [
      stanza('openssl', '3.0.11-1~deb12u1'),
      stanza('libssl3', '3.0.11-1~deb12u1', 'Source: openssl\n'),
      stanza('libgcc-s1', '12.2.0-14', 'Source: gcc-12 (12.2.0-13)\n'),
      stanza('gone', '1', '').replace('install ok installed', 'deinstall ok config-files'),
    ].join('')
    const found = await list([DEBIAN, { path: 'var/lib/dpkg/status', body: status }])
    assert.deepEqual(found.packages, [
      'OS openssl 3.0.11-1~deb12u1 openssl 3.0.11-1~deb12u1',
      'OS libssl3 3.0.11-1~deb12u1 openssl 3.0.11-1~deb12u1',
      'OS libgcc-s1 12.2.0-14 gcc-12 12.2.0-13',
    ])
    assert.deepEqual([found.problems, found.distribution?.ecosystem], [[], { name: 'Debian', release: '12' }])
  })

  test('status.d, as images without dpkg have it', async () => {
    const found = await list([
      DEBIAN,
      { path: './var/lib/dpkg/status.d/base', body: 'Package: base-files\nVersion: 12.4\n' },
      { path: './var/lib/dpkg/status.d/base.md5sums', body: 'x' },
    ])
    assert.deepEqual(found.packages, ['OS base-files 12.4 base-files 12.4'])
  })

  test('what apk has installed, with the origin', async () => {
    const installed = 'C:Q1x\nP:libcrypto3\nV:3.1.4-r5\nA:x86_64\nL:Apache-2.0\no:openssl\nF:lib\n\nP:musl\nV:1.2.4-r2\n\n'
    const found = await list([ALPINE, { path: 'lib/apk/db/installed', body: installed }])
    assert.deepEqual(found.packages, ['OS libcrypto3 3.1.4-r5 openssl 3.1.4-r5', 'OS musl 1.2.4-r2 musl 1.2.4-r2'])
    assert.deepEqual(found.distribution?.ecosystem, { name: 'Alpine', release: 'v3.19' })
  })

  test('npm packages, Python packages and what Maven wrote into archives inside an archive', async () => {
    const properties = (artifact: string) => `#Generated\r\nversion=2.14.1\r\ngroupId=org.apache\r\nartifactId=${artifact}\r\n`
    const inner = makeZip({ 'META-INF/maven/org.apache/core/pom.properties': properties('core') })
    const jar = makeZip({ 'META-INF/maven/org.apache/app/pom.properties': properties('app'), 'BOOT-INF/lib/core.jar': inner, 'a.class': 'x' })
    const found = await list([
      { path: 'app/node_modules/@a/b/package.json', body: '{"name":"@a/b","version":"1.2.3","license":"MIT"}' },
      { path: 'app/node_modules/@a/b/src/package.json', body: '{"name":"inner","version":"1.0.0"}' },
      { path: 'app/node_modules/c/package.json', body: '{"type":"module"}' },
      { path: 'app/package.json', body: '{"name":"app","version":"1.0.0"}' },
      { path: 'usr/lib/python3/site-packages/Flask-2.0.dist-info/METADATA', body: 'Metadata-Version: 2.1\nName: Flask\nVersion: 2.0\n\nName: no\n' },
      { path: 'usr/lib/python3/old.egg-info', body: 'Name: old\nVersion: 0.1\n' },
      { path: 'srv/app.jar', body: jar },
    ])
    assert.deepEqual(found, {
      packages: ['NPM @a/b 1.2.3', 'MAVEN org.apache:app 2.14.1', 'MAVEN org.apache:core 2.14.1', 'PYPI old 0.1', 'PYPI Flask 2.0'],
      problems: [],
      distribution: undefined,
    })
  })

  test('rpm’s database of SQLite', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'rpm-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'rpmdb.sqlite')
    const database = new DatabaseSync(file)
    database.exec("PRAGMA journal_mode = WAL; CREATE TABLE 'Packages' ( hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
    database
      .prepare('INSERT INTO Packages (blob) VALUES (?)')
      .run(rpmHeader({ 1000: 'openssl-libs', 1001: '3.0.7', 1002: '24.el9', 1003: 1, 1044: 'openssl-3.0.7-24.el9.src.rpm' }))
    database.prepare('INSERT INTO Packages (blob) VALUES (?)').run(rpmHeader({ 1000: 'gpg-pubkey', 1001: '1', 1002: '2' }))
    database.prepare('INSERT INTO Packages (blob) VALUES (?)').run(Buffer.from('broken'))
    database.close()
    const rocky: TarInput = { path: 'etc/os-release', body: "ID='rocky'\nVERSION_ID='9.3'\n" }
    const found = await list([rocky, { path: 'var/lib/rpm/rpmdb.sqlite', body: readFileSync(file) }])
    assert.deepEqual(found.packages, ['OS openssl-libs 1:3.0.7-24.el9 openssl 1:3.0.7-24.el9'])
    assert.deepEqual(found.problems, ['1 entries of var/lib/rpm/rpmdb.sqlite name no package or version'])
  })
})

describe('listPackages() lays layers over each other', () => {
  const pkg = (path: string, version = '1.0.0'): TarInput => ({ path, body: JSON.stringify({ name: path.split('/').at(-2), version }) })
  const [a, b] = ['x/node_modules/a/package.json', 'x/node_modules/b/package.json']

  for (const [what, upper, expected] of [
    ['a file takes the place of a lower one', [pkg(a, '2.0.0')], ['NPM a 2.0.0', 'NPM b 1.0.0']],
    ['a mark takes a file', [{ path: 'x/node_modules/a/.wh.package.json' }], ['NPM b 1.0.0']],
    ['a mark takes a folder', [{ path: 'x/.wh.node_modules' }], []],
    [
      'an opaque folder keeps what its own layer has, whatever the order',
      [pkg(a, '3.0.0'), { path: 'x/node_modules/.wh..wh..opq' }],
      ['NPM a 3.0.0'],
    ],
    ['a link takes the place of a folder', [{ path: 'x/node_modules', kind: '2', link: '/elsewhere' }], []],
    ['a folder leaves what is below', [{ path: 'x/node_modules/', kind: '5' }], ['NPM a 1.0.0', 'NPM b 1.0.0']],
    ['a hard link is a second name', [{ path: 'y/node_modules/a/package.json', kind: '1', link: a }], ['NPM a 1.0.0', 'NPM b 1.0.0', 'NPM a 1.0.0']],
    [
      'links in a circle lead nowhere',
      [
        { path: 'l/node_modules/a/package.json', kind: '1', link: 'l/node_modules/b/package.json' },
        { path: 'l/node_modules/b/package.json', kind: '1', link: 'l/node_modules/a/package.json' },
      ],
      ['NPM a 1.0.0', 'NPM b 1.0.0'],
    ],
  ] as const) {
    test(what, async () => {
      assert.deepEqual((await list([pkg(a), pkg(b)], upper)).packages, expected)
    })
  }
})

describe('listPackages() meets hostile images with', () => {
  test('a bound on what is unpacked', async () => {
    const bomb = gzipSync(makeTar([{ path: 'zeros', body: Buffer.alloc(20 * 1024 ** 2) }]))
    await assert.rejects(listPackages(memoryImage(bomb), { bounds: { ...LISTING_BOUNDS, maxUnpackedBytes: 1024 ** 2 } }), {
      code: 'RESOURCE_EXHAUSTED',
    })
  })

  test('a bound on entries', async () => {
    const many = makeTar(Array.from({ length: 2000 }, (_, index) => ({ path: `f${index}` })))
    await assert.rejects(listPackages(memoryImage(many), { bounds: { ...LISTING_BOUNDS, maxEntries: 1000 } }), { code: 'RESOURCE_EXHAUSTED' })
  })

  test('a bound on packages', async () => {
    const status = Array.from({ length: 50 }, (_, index) => stanza(`p${index}`, '1')).join('')
    const image = memoryImage([DEBIAN, { path: 'var/lib/dpkg/status', body: status }])
    await assert.rejects(listPackages(image, { bounds: { ...LISTING_BOUNDS, maxPackages: 40 } }), { code: 'RESOURCE_EXHAUSTED' })
  })

  test('a word on databases that are broken or too large, and on packages of a distribution that nobody knows', async () => {
    const tooLarge: TarInput = { path: 'app/node_modules/a/package.json', body: Buffer.alloc(5 * 1024 ** 2) }
    const { problems, unsupported } = await list([
      { path: 'var/lib/dpkg/status', body: 'Package: a\nStatus: install ok installed\n\nPackage: b\nVersion: 1\n\n' },
      { path: 'var/lib/rpm/rpmdb.sqlite', body: Buffer.from('SQLite format 3\0 not really') },
      { path: 'app/x.jar', body: 'no zip' },
      { path: 'app/node_modules/b/package.json', body: '{' },
      tooLarge,
    ])
    assert.deepEqual(problems, [
      'app/node_modules/a/package.json has 5242880 bytes, more than the 4194304 that are read',
      'app/node_modules/b/package.json is no JSON object',
      'app/x.jar: a zip archive has no end',
      '1 entries of var/lib/dpkg/status name no package or version',
    ])
    assert.equal(unsupported, 'var/lib/rpm/rpmdb.sqlite is a damaged database')
    const stranger = await list([{ path: 'var/lib/dpkg/status', body: 'Package: b\nVersion: 1\n\n' }])
    assert.equal(stranger.unsupported, 'it has packages of a distribution, but no os-release that says which')
  })

  test('no look at a table of rpm’s that computes its rows', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'rpm-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const database = new DatabaseSync(join(folder, 'db'))
    database.exec('CREATE TABLE Packages (hnum INTEGER, blob AS (zeroblob(999999999)))')
    database.exec('INSERT INTO Packages (hnum) VALUES (1)')
    database.close()
    const { unsupported } = await list([{ path: 'var/lib/rpm/rpmdb.sqlite', body: readFileSync(join(folder, 'db')) }])
    assert.equal(unsupported, 'var/lib/rpm/rpmdb.sqlite is no database of rpm')
  })

  test('an end where the caller says so', async () => {
    await assert.rejects(listPackages(memoryImage([DEBIAN]), { signal: AbortSignal.abort(new Error('time is up')) }), /time is up/)
  })
})

const noDpkg = existsSync('/var/lib/dpkg/status') ? false : 'there is no dpkg here'
test('the list of a Debian root is the one of dpkg-query', { skip: noDpkg }, async () => {
  const tar = execFileSync('tar', ['-C', '/', '-chf', '-', 'var/lib/dpkg/status', 'usr/lib/os-release'], {
    maxBuffer: 1e9,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const expected = execFileSync('dpkg-query', ['-W', '-f', '${db:Status-Status} ${Package} ${Version} ${source:Package} ${source:Version}\n'], {
    encoding: 'utf8',
  })
  const { packages } = await list(tar)
  const installed = expected
    .trimEnd()
    .split('\n')
    .filter((line) => !/^(?:not-installed|config-files) /.test(line))
  assert.deepEqual(packages.toSorted(), installed.map((line) => line.replace(/^\S+/, 'OS')).toSorted())
})

const go = ['/usr/local/go/bin/go', '/usr/lib/go/bin/go'].find((path) => existsSync(path))
test('the list of a Go program is the one of go version -m', { skip: go === undefined ? 'Go is not here' : false }, async () => {
  const program = go ?? ''
  const binary = join(program, '../gofmt')
  for (const file of [program, binary].filter((path) => existsSync(path) && statSync(path).size > 0)) {
    const said = execFileSync(program, ['version', '-m', file], { encoding: 'utf8', env: { ...process.env, GOTOOLCHAIN: 'local' } })
    const expected = [
      /: (go\S+)/.exec(said)?.[1] ?? '',
      ...[...said.matchAll(/^\t(?:mod|dep)\t(\S+)\t(\S*)/gm)].map(([, name, version]) => `${name} ${version === '' ? '(devel)' : version}`),
    ]
    const bytes = readFileSync(file)
    async function* chunks(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536)
    }
    const { packages = [] } = await readGo(chunks(), file)
    assert.deepEqual([packages[0]?.version, ...packages.slice(1).map(({ name, version }) => `${name} ${version}`)], expected)
  }
})

/** A header as rpm's database holds it. */
function rpmHeader(tags: Readonly<Record<number, string | number>>): Buffer {
  const data: Buffer[] = []
  const index = Object.entries(tags).map(([tag, value]) => {
    const offset = data.reduce((sum, { length }) => sum + length, 0)
    const bytes = typeof value === 'string' ? Buffer.from(`${value}\0`) : Buffer.from([0, 0, 0, value])
    data.push(bytes)
    return words(Number(tag), typeof value === 'string' ? 6 : 4, offset, 1)
  })
  const body = Buffer.concat(data)
  return Buffer.concat([words(index.length, body.length), ...index, body])
}

function words(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(numbers.length * 4)
  numbers.forEach((number, at) => bytes.writeUInt32BE(number, at * 4))
  return bytes
}
