import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { ADMIN } from '@countersign/service/testing/callers.ts'
import { makePgpPair } from '@countersign/evidence/testing/pgp-keys.ts'
import { makeFakeServer } from '../../testing/fake-server.ts'
import { runInMemory } from '../../testing/memory-terminal.ts'

const PEM = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }).toString()
const NEW = ['attestors', 'create', 'a1', '--attestation-authority-note=qa']
const PKIX = ['--pkix-public-key-file=key.pem', '--pkix-public-key-algorithm=ecdsa-p256-sha256']
const ADD = ['attestors', 'public-keys', 'add', '--attestor=a1']

async function makeWorld(files: Record<string, string | Uint8Array> = {}) {
  const server = await makeFakeServer()
  const run = async (...argv: readonly string[]) => await runInMemory(argv, { send: server.send, files: { 'key.pem': PEM, ...files } })
  await run(...NEW)
  return { ...server, run }
}

test('attestors create|describe|update|delete', async () => {
  const { run } = await makeWorld()
  assert.match((await run('attestors', 'describe', 'projects/p1/attestors/a1')).stdout, /^ {2}noteReference: projects\/p1\/notes\/qa$/m)
  assert.match((await run('attestors', 'update', 'a1', '--description=by hand')).stdout, /^description: by hand$/m)
  assert.deepEqual(await run('attestors', 'delete', 'a1', '-q'), { exit: 0, stdout: '', stderr: 'Deleted attestor [projects/p1/attestors/a1].' })
  assert.equal((await run('attestors', 'list')).stderr, 'Listed 0 items.')
})

test('the note may lie in another project, or be named in full', async () => {
  const { run } = await makeWorld()
  const other = await run('attestors', 'create', 'a2', '--project=p12', '--attestation-authority-note=qa', '--attestation-authority-note-project=p1')
  const full = await run('attestors', 'create', 'projects/p12/attestors/a3', '--attestation-authority-note=projects/p1/notes/qa')
  for (const { stdout } of [other, full]) assert.match(stdout, /noteReference: projects\/p1\/notes\/qa/)
})

test('what a list of several attestors printed deletes all of them', async () => {
  const { run } = await makeWorld()
  await run('attestors', 'create', 'a2', '--attestation-authority-note=qa')
  const { stdout } = await run('attestors', 'list', '--format=value(name)')
  assert.equal((await run('attestors', 'delete', stdout)).exit, 0)
  assert.equal((await run('attestors', 'list', '--format=value(name)')).stdout, '')
  assert.deepEqual(await run('attestors', 'delete', ''), {
    exit: 2,
    stdout: '',
    stderr: 'ERROR: No attestor was named\nThe attestors of a project: countersign attestors list',
  })
})

test('public-keys add prints the key with the id that it got; list, update and remove find it by that', async () => {
  const { run } = await makeWorld()
  const added = await run(...ADD, ...PKIX, '--comment=of the build', '--format=value(id)')
  const id = added.stdout.trim()
  assert.match(id, /^ni:\/\/\/sha-256;/)
  assert.equal((await run('attestors', 'public-keys', 'list', '--attestor=a1', '--format=value(id,comment)')).stdout, `${id}\tof the build\n`)
  assert.match((await run('attestors', 'public-keys', 'update', id, '--attestor=a1', '--comment=old')).stdout, /^comment: old$/m)
  assert.equal((await run('attestors', 'public-keys', 'remove', id, '--attestor=a1')).exit, 0)
  assert.equal((await run('attestors', 'public-keys', 'list', '--attestor=a1')).stderr, 'Listed 0 items.')
})

test('an id may be chosen for a PKIX key, and not for a PGP key', async () => {
  const { key } = await makePgpPair()
  const { run } = await makeWorld({ 'key.asc': key.asciiArmored })
  assert.equal((await run(...ADD, ...PKIX, '--public-key-id-override=//kms/k1', '--format=value(id)')).stdout, '//kms/k1\n')
  const refused = await run(...ADD, '--pgp-public-key-file=key.asc', '--public-key-id-override=k')
  assert.deepEqual([refused.exit, refused.stderr], [2, 'ERROR: --public-key-id-override may not be used with old-style PGP keys'])
})

test('§4.1: the original’s words for keys that are there already, or are not', async () => {
  const { key } = await makePgpPair()
  const { run } = await makeWorld({ 'key.asc': key.asciiArmored })
  await run(...ADD, '--public-key-file=key.asc')
  await run(...ADD, ...PKIX, '--public-key-id-override=k1')
  const says = async (...argv: readonly string[]) => (await run(...argv)).stderr
  assert.equal(await says(...ADD, '--public-key-file=key.asc'), 'ERROR: Provided public key already present on attestor [a1]')
  assert.equal(await says(...ADD, ...PKIX, '--public-key-id-override=k1'), 'ERROR: Public key with ID [k1] already present on attestor [a1]')
  assert.equal(
    await says('attestors', 'public-keys', 'remove', 'k2', '--attestor=a1'),
    'ERROR: NOT_FOUND: No matching public key found on attestor [a1]',
  )
})

test('two who add a key at the same time both get in: the one who comes late reads again', async () => {
  const { world, send } = await makeFakeServer()
  const run = async (...argv: readonly string[]) => {
    let meddled = false
    return await runInMemory(argv, {
      files: { 'key.pem': PEM },
      send: async (request) => {
        if (request.method === 'PUT' && !meddled) {
          meddled = true
          const { stored } = await world.attestors.getAttestor(ADMIN, 'projects/p1/attestors/a1')
          const { note: noteReference, description } = stored.attestor
          await world.attestors.updateAttestor(ADMIN, 'projects/p1/attestors/a1', {
            description: `${description ?? ''}!`,
            userOwnedGrafeasNote: { noteReference },
          })
        }
        return await send(request)
      },
    })
  }
  await runInMemory(NEW, { send })
  assert.equal((await run(...ADD, ...PKIX, '--format=value(id)')).exit, 0)
  const { stdout } = await runInMemory(['attestors', 'describe', 'a1'], { send })
  assert.match(stdout, /^description: '!'$/m)
  assert.match(stdout, /publicKeyPem/)
})

test('exactly one key file, and an algorithm that is known', async () => {
  const { run } = await makeWorld()
  for (const argv of [[], ['--pkix-public-key-file=key.pem'], ['--pkix-public-key-file=key.pem', '--pgp-public-key-file=key.pem']]) {
    assert.equal((await run(...ADD, ...argv)).exit, 2)
  }
  const { stderr } = await run(...ADD, '--pkix-public-key-file=key.pem', '--pkix-public-key-algorithm=rot13')
  assert.match(stderr, /Algorithm "rot13" is not known: expected one of rsa-pss-2048-sha256, /)
})
