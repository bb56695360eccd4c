import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { chownSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Child, plainEnvironment, startChild } from '../harness/child.ts'
import { runCli } from '../harness/cli.ts'
import { runPart } from '../harness/parts.ts'
import { startRegistry } from '../harness/registry.ts'
import { clientEnvironment, type Doors } from '../harness/server.ts'
import { tempFolder } from '../harness/temp-folder.ts'
import { blobFile, buildLayout, type Manifest, missingBeside, missingForImages, readBlob, unpackImage } from './unpacked.ts'

const USER = '65532:65532'

describe('npm run image', { skip: missingForImages() }, () => {
  let layout: Awaited<ReturnType<typeof buildLayout>>
  before(async () => {
    layout = await buildLayout()
  })

  const digestOf = (name: string): string => layout.digests[name] ?? assert.fail(`no image ${name}`)

  test('gives the same digests when it runs again', async () => {
    assert.deepEqual((await buildLayout()).digests, layout.digests)
  })

  test('names every blob by what is in it', () => {
    for (const name of readdirSync(join(layout.folder, 'blobs/sha256'))) {
      const bytes = readFileSync(blobFile(layout.folder, `sha256:${name}`))
      assert.equal(createHash('sha256').update(bytes).digest('hex'), name)
    }
  })

  test('runs as nobody with a name elsewhere, and keeps data in one volume', () => {
    const { config } = readBlob<Manifest>(layout.folder, digestOf('countersign'))
    const { config: run } = readBlob<{ readonly config: Readonly<Record<string, unknown>> }>(layout.folder, config.digest)
    assert.deepEqual([run.User, run.Volumes, run.Entrypoint], [USER, { '/var/lib/countersign': {} }, ['/usr/bin/countersign']])
  })

  test('hangs an SBOM on each image that names Node.js, Debian packages and npm packages', () => {
    const { manifests } = JSON.parse(readFileSync(join(layout.folder, 'index.json'), 'utf8')) as {
      readonly manifests: readonly { readonly digest: string }[]
    }
    const hung = manifests.map(({ digest }) => readBlob<Manifest>(layout.folder, digest)).filter(({ subject }) => subject !== undefined)
    assert.deepEqual(new Set(hung.map(({ subject }) => subject?.digest)), new Set(Object.values(layout.digests)))
    for (const { layers } of hung) {
      const { components } = readBlob<{ readonly components: readonly { readonly purl: string }[] }>(layout.folder, layers[0]?.digest ?? '')
      const purls = components.map(({ purl }) => purl.replace(/@[^@]*$/, ''))
      for (const purl of ['pkg:generic/node', 'pkg:deb/debian/libc6', 'pkg:npm/commander'])
        assert.ok(purls.includes(purl), `${purl} in ${purls.join(' ')}`)
    }
  })

  test('makes images that a registry takes as they are', { skip: missingBeside('skopeo') || missingBeside('docker-registry') }, async () => {
    const registry = await startRegistry()
    try {
      const target = `docker://${registry.host}/tools/countersign:test`
      await runPart('skopeo', [
        '--insecure-policy',
        'copy',
        '--quiet',
        '--preserve-digests',
        '--dest-tls-verify=false',
        `oci:${layout.folder}:countersign`,
        target,
      ])
      const seen = await runPart('skopeo', ['inspect', '--tls-verify=false', '--format', '{{.Digest}}', target])
      assert.equal(seen.trim(), digestOf('countersign'))
    } finally {
      await registry.stop()
    }
  })

  describe('the server in its image', () => {
    let server: Child & Doors & { readonly volume: string }
    before(async () => {
      server = await serveInside(unpackImage(layout.folder, digestOf('countersign')))
    })
    after(() => server.stop())

    test('runs on a read-only root, and keeps its data in the volume, which belongs to its user', () => {
      const { uid, mode } = statSync(server.adminTokenFile)
      assert.deepEqual([uid, (mode & 0o777).toString(8)], [65532, '600'], server.stderr())
    })

    test('vouches for its own image by its own attestor', async () => {
      const { run, image } = await vouchFor(server, digestOf('countersign'))
      const judged = await run('evaluate', '--project=demo', '--cluster=local.test', '--image', image)
      assert.deepEqual([judged.code, judged.stdout.includes('allowed')], [0, true], judged.stdout + judged.stderr)
      const other = await run('evaluate', '--project=demo', '--cluster=local.test', '--image', `registry.example/app@sha256:${'1'.repeat(64)}`)
      assert.equal(other.code, 1, other.stdout + other.stderr)
    })
  })
})

/** Where the image keeps its data. */
const DATA = '/var/lib/countersign'
/** Enters a root folder as a container does: read-only, with a volume, as the image's user. */
const ENTER = `volume=$1; shift
mount --bind "$0" "$0" && mount --bind "$volume" "$0${DATA}" && mount -o remount,bind,ro "$0" && exec chroot --userspec=${USER} "$0" "$@"`

/** Runs the image's entry point on a read-only root with a volume; gives the volume's folder too. */
async function serveInside(root: string): Promise<Child & Doors & { readonly volume: string }> {
  const volume = tempFolder()
  chownSync(volume, 65532, 65532)
  const serve = ['/usr/bin/countersign', 'serve', '--listen=127.0.0.1:0', '--webhook-listen=127.0.0.1:0', `--ready-file=${DATA}/ready.json`]
  const child = startChild('unshare', ['--mount', 'sh', '-c', ENTER, root, volume, ...serve], {
    env: plainEnvironment({ PATH: '/usr/sbin:/usr/bin:/sbin:/bin', COUNTERSIGN_DATA: DATA, HOME: DATA }),
  })
  const readyFile = join(volume, 'ready.json')
  const doors = await child.waitFor('the ready file', () =>
    existsSync(readyFile) ? (JSON.parse(readFileSync(readyFile, 'utf8')) as Doors) : undefined,
  )
  const outside = (path: string) => path.replace(DATA, volume)
  return { ...child, ...doors, volume, caFile: outside(doors.caFile), adminTokenFile: outside(doors.adminTokenFile) }
}

/** Makes project, cluster and attestor, requires the attestor, and signs the image with a key of its own. */
async function vouchFor(server: Doors, digest: string) {
  const home = tempFolder()
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  writeFileSync(join(home, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  writeFileSync(join(home, 'key.pub'), publicKey.export({ type: 'spki', format: 'pem' }))
  writeFileSync(
    join(home, 'policy.yaml'),
    'defaultAdmissionRule:\n  evaluationMode: REQUIRE_ATTESTATION\n  enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG\n' +
      '  requireAttestationsBy: [projects/demo/attestors/release]\n',
  )
  const run = (...args: string[]) => runCli(args, { cwd: home, env: { ...clientEnvironment(server), COUNTERSIGN_PROJECT: 'demo' } })
  const image = `registry.example/countersign@${digest}`
  const steps = [
    'projects create demo',
    'clusters register local.test',
    'notes create release',
    'attestors create release --attestation-authority-note=release --attestation-authority-note-project=demo',
    'attestors public-keys add --attestor=release --pkix-public-key-file=key.pub --pkix-public-key-algorithm=ecdsa-p256-sha256',
    'policy import policy.yaml',
    `attestations sign-and-create --artifact-url=${image} --attestor=release --pkix-private-key-file=key.pem --pkix-private-key-algorithm=ecdsa-p256-sha256`,
  ]
  for (const step of steps) {
    const { code, stderr } = await run(...step.split(' '))
    assert.equal(code, 0, `${step}: ${stderr}`)
  }
  return { run, image }
}
