import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import type { HttpSend } from '@countersign/adapters/http-send.ts'
import { makeFakeServer } from '../../testing/fake-server.ts'
import { runInMemory } from '../../testing/memory-terminal.ts'
import { discovery, SCANNED_IMAGE, serveScans } from '../../testing/served-scans.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const POLICY = `apiVersion: kritis.grafeas.io/v1beta1
kind: VulnzSigningPolicy
metadata: { name: p }
spec: { imageVulnerabilityRequirements: { maximumFixableSeverity: LOW } }
`
const LINE = ['-image', SCANNED_IMAGE, '-policy', 'policy.yaml', '-note_name', 'projects/p1/notes/qa']
const KEY = ['-pkix_private_key', 'key.pem', '-pkix_alg', 'ecdsa-p256-sha256']

async function makeWorld(refuse: (method: string, path: string) => boolean = () => false) {
  const { send, requests } = await makeFakeServer()
  const scans = serveScans(send, [[discovery('FINISHED_SUCCESS')]])
  const guarded: HttpSend = async (request) => {
    if (!refuse(request.method, new URL(request.url).pathname)) return await scans(request)
    const body = JSON.stringify({ error: { code: 403, message: 'permission denied', status: 'PERMISSION_DENIED' } })
    return { status: 403, headers: {}, body: new TextEncoder().encode(body) }
  }
  const files = {
    'policy.yaml': POLICY,
    'key.pem': privateKey.export({ type: 'pkcs8', format: 'pem' }),
    'pub.pem': publicKey.export({ type: 'spki', format: 'pem' }),
    'other.pem': other.publicKey.export({ type: 'spki', format: 'pem' }),
  }
  const run = async (...argv: readonly string[]) => await runInMemory(argv, { send: guarded, files })
  await run('attestors', 'create', 'a1', '--attestation-authority-note=qa')
  const addKey = async (file: string) =>
    await run('attestors', 'public-keys', 'add', '--attestor=a1', `--pkix-public-key-file=${file}`, '--pkix-public-key-algorithm=ecdsa-p256-sha256')
  return { run, addKey, requests }
}

test('a key that is on none of the note’s attestors is warned of, and signs all the same', async () => {
  const { run, addKey } = await makeWorld()
  assert.equal((await addKey('other.pem')).exit, 0)
  const signed = await run('signer', ...LINE, ...KEY)
  assert.equal(signed.exit, 0)
  assert.match(signed.stderr, /^WARNING: key ni:\S+ is not on attestor a1 of projects\/p1\/notes\/qa: /)
  assert.equal((await addKey('pub.pem')).exit, 0)
  assert.equal((await run('signer', ...LINE, ...KEY)).stderr, '')
})

test('who may not write the attestation learns it before anything is waited for, and nothing is written by the question', async () => {
  const { run, requests } = await makeWorld((method, path) => method === 'POST' && path.endsWith('/occurrences'))
  const seen = requests.length
  const { exit, stderr } = await run('signer', ...LINE, ...KEY)
  assert.deepEqual([exit, /permission denied/.test(stderr), requests.length - seen], [3, true, 0])
})

test('who may not look at attestors signs without that check', async () => {
  const { run } = await makeWorld((method, path) => method === 'GET' && path.endsWith('/attestors'))
  assert.deepEqual([(await run('signer', ...LINE, ...KEY)).exit], [0])
})

test('as kritis, nothing is asked beforehand', async () => {
  const { run, requests } = await makeWorld()
  const seen = requests.length
  await run('signer', '--kritis-compat', ...LINE, ...KEY)
  assert.deepEqual(
    requests.slice(seen).filter(({ url }) => url.includes('/attestors')),
    [],
  )
})
