import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { makeTar, type TarInput } from '@countersign/adapters/testing/make-tar.ts'
import { runInMemory } from '../../testing/memory-terminal.ts'

const ROOT: readonly TarInput[] = [
  { path: 'etc/os-release', body: 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n' },
  {
    path: 'var/lib/dpkg/status',
    body: 'Package: libssl3\nStatus: install ok installed\nSource: openssl\nArchitecture: amd64\nVersion: 3.0.11-1\n\n',
  },
  { path: 'app/node_modules/left-pad/package.json', body: '{"name":"left-pad","version":"1.2.0"}' },
]
const FEED = {
  openssl: {
    'CVE-2026-1': { description: 'Bad', releases: { bookworm: { status: 'resolved', fixed_version: '3.0.13-1', urgency: 'high' } } },
    'CVE-2026-2': { description: 'Old', releases: { bookworm: { status: 'resolved', fixed_version: '3.0.10-1', urgency: 'high' } } },
    'CVE-2026-3': { description: 'Unrated', releases: { bookworm: { status: 'open', urgency: 'not yet assigned' } } },
  },
}

/** A folder with the layout of one image, an archive of docker of it, and a feed. */
function makeFolder(t: TestContext, root = ROOT): string {
  const folder = mkdtempSync(join(tmpdir(), 'scan-'))
  t.after(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'layout/blobs/sha256'), { recursive: true })
  const put = (bytes: Buffer | string) => {
    const digest = hash('sha256', bytes, 'hex')
    writeFileSync(join(folder, 'layout/blobs/sha256', digest), bytes)
    return { digest: `sha256:${digest}`, size: Buffer.byteLength(bytes) }
  }
  const layer = makeTar(root)
  const config = JSON.stringify({
    os: 'linux',
    architecture: 'amd64',
    rootfs: { type: 'layers', diff_ids: [`sha256:${hash('sha256', layer, 'hex')}`] },
  })
  const manifest = put(JSON.stringify({ schemaVersion: 2, config: put(config), layers: [put(layer)] }))
  const annotations = { 'org.opencontainers.image.ref.name': 'v1' }
  writeFileSync(join(folder, 'layout/index.json'), JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }))
  const saved = JSON.stringify([{ Config: 'config.json', RepoTags: ['app:v1'], Layers: ['a/layer.tar'] }])
  const link = { path: 'a/layer.tar', kind: '2', link: '../b/layer.tar' }
  writeFileSync(
    join(folder, 'docker.tar'),
    makeTar([{ path: 'b/layer.tar', body: layer }, link, { path: 'config.json', body: config }, { path: 'manifest.json', body: saved }]),
  )
  writeFileSync(join(folder, 'tracker.json'), JSON.stringify(FEED))
  return folder
}

async function scan(folder: string, image: string, ...more: readonly string[]) {
  return await runInMemory(['scan', image.replace('@', folder), '--feeds', join(folder, 'tracker.json'), ...more])
}

test('scan tells what is wrong, gravest first, with the fix and the reason', async (t) => {
  const { exit, stdout, stderr } = await scan(makeFolder(t), 'oci:@/layout:v1')
  assert.equal(exit, 0)
  assert.match(stdout, /2 packages, Debian GNU\/Linux 12 \(bookworm\); 2 vulnerabilities: 1 HIGH, 1 of unknown severity/)
  const rows = stdout
    .split('\n')
    .filter((line) => line.includes('CVE-'))
    .map((line) =>
      line
        .split('│')
        .map((cell) => cell.trim())
        .slice(1, -1),
    )
  assert.deepEqual(rows, [
    ['HIGH', 'CVE-2026-1', 'openssl', '3.0.11-1', '3.0.13-1', 'openssl 3.0.11-1 < 3.0.13-1, CVE-2026-1'],
    ['SEVERITY_UNSPECIFIED', 'CVE-2026-3', 'openssl', '3.0.11-1', '', 'openssl 3.0.11-1, no fix yet, CVE-2026-3'],
  ])
  assert.equal(stderr, 'WARNING: no feed speaks of npm, its 1 packages were not judged')
})

for (const [words, code] of [
  [['--fail-on', 'HIGH'], 1],
  [['--fail-on', 'low'], 1],
  [['--fail-on', 'CRITICAL'], 0],
  [['--fail-on', 'ANY'], 1],
  [['--fail-on', 'GRAVE'], 2],
  [['-o', 'xml'], 2],
] as const) {
  test(`scan ${words.join(' ')} ends with ${code}`, async (t) => {
    assert.equal((await scan(makeFolder(t), 'oci:@/layout', ...words)).exit, code)
  })
}

test('scan reads archives of docker alike', async (t) => {
  const folder = makeFolder(t)
  const idsOf = async (image: string) => {
    const { stdout } = await scan(folder, image, '-o', 'json')
    return (JSON.parse(stdout) as { readonly findings: readonly { readonly id: string }[] }).findings.map(({ id }) => id)
  }
  assert.deepEqual(await idsOf('docker-archive:@/docker.tar:app:v1'), await idsOf('oci:@/layout:v1'))
  assert.deepEqual(await idsOf('docker-archive:@/docker.tar'), ['CVE-2026-1', 'CVE-2026-3'])
})

test('scan writes CycloneDX with package URLs, and SARIF with a result a finding', async (t) => {
  const folder = makeFolder(t)
  const bom = JSON.parse((await scan(folder, 'oci:@/layout', '-o', 'cyclonedx')).stdout) as {
    readonly components: readonly { readonly purl: string; readonly 'bom-ref': string }[]
    readonly vulnerabilities: readonly { readonly id: string; readonly affects: readonly { readonly ref: string }[] }[]
  }
  assert.deepEqual(
    bom.components.map(({ purl }) => purl),
    ['pkg:npm/left-pad@1.2.0', 'pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&distro=debian-12'],
  )
  assert.deepEqual(bom.vulnerabilities[0]?.affects, [{ ref: bom.components[1]?.['bom-ref'] }])
  const sarif = JSON.parse((await scan(folder, 'oci:@/layout', '-o', 'sarif')).stdout) as {
    readonly runs: readonly { readonly results: readonly { readonly ruleId: string; readonly level: string }[] }[]
  }
  assert.deepEqual(
    sarif.runs[0]?.results.map(({ ruleId, level }) => [ruleId, level]),
    [
      ['CVE-2026-1', 'error'],
      ['CVE-2026-3', 'warning'],
    ],
  )
})

test('scan concludes nothing about an image that it cannot judge', async (t) => {
  const stranger = makeFolder(t, [{ path: 'etc/os-release', body: 'ID=plan9\n' }, ...ROOT.slice(1)])
  const { exit, stderr } = await scan(stranger, 'oci:@/layout')
  assert.deepEqual(
    [exit, stderr.includes('Nothing can be concluded about the image: no feed that can be read here speaks of the packages of plan9')],
    [3, true],
  )
  assert.equal((await scan(makeFolder(t, []), 'oci:@/layout')).exit, 3)
})

test('scan says what is not there, or is something else', async (t) => {
  const folder = makeFolder(t)
  assert.deepEqual(
    [(await scan(folder, 'oci:@/nowhere')).exit, (await scan(folder, 'oci:@/layout:v2')).exit, (await scan(folder, 'oci:@/tracker.json')).exit],
    [3, 3, 3],
  )
  const digest = hash('sha256', makeTar(ROOT), 'hex')
  writeFileSync(join(folder, 'layout/blobs/sha256', digest), makeTar([...ROOT, { path: 'more', body: 'x' }]))
  assert.match((await scan(folder, 'oci:@/layout')).stderr, /has other content than its digest says/)
  assert.equal((await runInMemory(['scan', `oci:${folder}/layout`])).exit, 2)
})

test('scan takes what another scanner found, of this image only', async () => {
  const digest = `sha256:${'ab'.repeat(32)}`
  const vulnerability = { VulnerabilityID: 'CVE-2026-1', PkgName: 'openssl', InstalledVersion: '1', FixedVersion: '2', Severity: 'HIGH' }
  const report = (name: string) =>
    JSON.stringify({
      SchemaVersion: 2,
      ArtifactName: 'app',
      Metadata: { RepoDigests: [`app@${name}`] },
      Results: [{ Class: 'os-pkgs', Vulnerabilities: [vulnerability] }],
    })
  const files = { 'ours.json': report(digest), 'other.json': report(`sha256:${'cd'.repeat(32)}`), 'none.json': '{' }
  const run = async (file: string, ...more: readonly string[]) =>
    await runInMemory(['scan', `registry.example/app@${digest}`, '--results', file, ...more], { files })
  const { exit, stdout } = await run('ours.json', '--fail-on', 'HIGH')
  assert.deepEqual([exit, /HIGH .*CVE-2026-1 .*openssl .*openssl 1, fixed in 2, CVE-2026-1, says trivy/.test(stdout)], [1, true])
  assert.deepEqual([(await run('other.json')).exit, (await run('none.json')).exit, (await run('ours.json', '--feeds', 'x')).exit], [2, 2, 2])
})
