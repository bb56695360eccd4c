import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { TestRegistry } from '@countersign/adapters/testing/registry.ts'
import { type MemoryWorld, runInMemory } from '../../testing/memory-terminal.ts'

async function makeWorld(t: { after(work: () => Promise<void>): void }, more: MemoryWorld = {}) {
  const registry = await TestRegistry.start()
  t.after(() => registry.close())
  const old = registry.addImage('p1/nginx', { tag: 'old', created: '2015-03-20T07:56:05Z' })
  const young = registry.addImage('p1/nginx', { tag: 'latest', created: '2026-01-31T12:00:00.5Z' })
  const arm = registry.addImage('p1/nginx', { created: '2026-01-31T11:00:00Z' })
  const index = registry.addIndex('p1/nginx', { tag: 'multi', children: { 'linux/amd64': old, 'linux/arm64': arm } })
  const run = async (...argv: readonly string[]) => await runInMemory(argv, { fetch: (url, init) => fetch(url, init), ...more })
  return { registry, repository: `${registry.host}/p1/nginx`, old, young, arm, index, run }
}

test('list-tags prints digest, tags and time in plain columns, newest first, as the original does', async (t) => {
  const { repository, run, young, old, index } = await makeWorld(t)
  const { exit, stdout } = await run('container', 'images', 'list-tags', repository)
  assert.equal(exit, 0)
  const short = (digest: string) => digest.slice(7, 19)
  const rows = [
    [short(young), 'latest', '2026-01-31T12:00:00'],
    [short(old), 'old', '2015-03-20T07:56:05'],
    [short(index), 'multi', '2015-03-20T07:56:05'],
  ]
  const [head, ...lines] = stdout.trimEnd().split('\n')
  assert.equal(head, 'DIGEST        TAGS    TIMESTAMP')
  assert.deepEqual(new Set(lines.map((line) => line.split(/ +/).join(' '))), new Set(rows.map((row) => row.join(' '))))
  assert.equal(lines[0]?.split(' ')[0], short(young))
})

test('get(digest) gives what create-signature-payload takes', async (t) => {
  const { repository, run, young } = await makeWorld(t)
  const digest = (await run('container', 'images', 'list-tags', '--format=get(digest)', repository)).stdout.split('\n')[0]
  assert.equal(digest, young)
  assert.equal((await run('create-signature-payload', `--artifact-url=${repository}@${digest}`)).exit, 0)
})

test('describe tells the digest of a tag, and the images of an index', async (t) => {
  const { repository, run, old, arm, index } = await makeWorld(t)
  const { stdout } = await run('images', 'describe', `${repository}:multi`, '-o', 'json')
  const { image_summary: summary, images } = JSON.parse(stdout) as {
    readonly image_summary: Readonly<Record<string, string>>
    readonly images: readonly { readonly digest: string; readonly platform: string }[]
  }
  assert.equal(summary['fully_qualified_digest'], `${repository}@${index}`)
  assert.deepEqual(
    images.map(({ platform, digest }) => [platform, digest]),
    [
      ['linux/amd64', old],
      ['linux/arm64', arm],
    ],
  )
  assert.equal((await run('images', 'describe', `${repository}:multi`, '--format=value(image_summary.digest)')).stdout, `${index}\n`)
})

test('push takes an image of a layout with its digest, and describe lists what hangs on it', async (t) => {
  const { registry, run } = await makeWorld(t)
  registry.knowsReferrers = true
  const { folder, image, sbom } = writeLayout(t)
  const pushed = await run('images', 'push', `oci:${folder}:app`, `${registry.host}/team/app:v1`, '-o', 'json')
  const referrers = [{ digest: sbom, artifactType: 'application/vnd.cyclonedx+json' }]
  const expected = { image: `${registry.host}/team/app@${image}`, digest: image, tag: 'v1', blobs: { pushed: 2, existed: 0 }, referrers }
  assert.deepEqual([pushed.exit, JSON.parse(pushed.stdout)], [0, expected])
  const { stdout } = await run('images', 'describe', `${registry.host}/team/app:v1`, '-o', 'json')
  assert.deepEqual((JSON.parse(stdout) as { readonly referrers: unknown }).referrers, referrers)
  assert.equal((await run('images', 'push', folder, `${registry.host}/team/app:v1`)).exit, 2)
  assert.equal((await run('images', 'push', `oci:${folder}:app`, `${registry.host}/team/app@${image}`)).exit, 2)
})

/** A layout with one image, `app`, and an SBOM on it. */
function writeLayout(t: { after(work: () => void): void }) {
  const folder = mkdtempSync(join(tmpdir(), 'cs-layout-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true })
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const put = (content: unknown) => {
    const bytes = Buffer.from(JSON.stringify(content))
    const digest = `sha256:${hash('sha256', bytes, 'hex')}`
    writeFileSync(join(folder, 'blobs', digest.replace(':', '/')), bytes)
    return { mediaType, digest, size: bytes.length }
  }
  const config = put({ os: 'linux', architecture: 'amd64', created: '2026-01-31T12:00:00Z' })
  const image = put({ schemaVersion: 2, mediaType, config, layers: [] })
  const sbom = put({ schemaVersion: 2, mediaType, artifactType: 'application/vnd.cyclonedx+json', config: put({}), layers: [], subject: image })
  const annotations = { 'org.opencontainers.image.ref.name': 'app' }
  writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [{ ...image, annotations }, sbom] }))
  return { folder, image: image.digest, sbom: sbom.digest }
}

test('the credentials that docker keeps are used', async (t) => {
  const files: Record<string, string> = {}
  const { registry, repository, run } = await makeWorld(t, { files, env: { HOME: '/home/ann' } })
  registry.login = { kind: 'BASIC', username: 'ann', password: 'pw' }
  assert.equal((await run('images', 'list-tags', repository)).exit, 1)
  files['/home/ann/.docker/config.json'] = JSON.stringify({ auths: { [registry.host]: { auth: Buffer.from('ann:pw').toString('base64') } } })
  assert.equal((await run('images', 'list-tags', repository)).exit, 0)
})

test('an image that is none, or that is not there', async (t) => {
  const { repository, run } = await makeWorld(t)
  assert.equal((await run('images', 'describe', 'UPPER CASE')).exit, 2)
  assert.equal((await run('images', 'describe', `${repository}:none`)).exit, 1)
})
