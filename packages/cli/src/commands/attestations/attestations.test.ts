import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { FakeGoogleKms } from '@countersign/adapters/testing/fake-google-kms.ts'
import { OPENSSL_ABSENT } from '@countersign/evidence/testing/openssl.ts'
import { makePgpPair } from '@countersign/evidence/testing/pgp-keys.ts'
import { GNUPG_ABSENT, GnuPg } from '@countersign/evidence/testing/gnupg.ts'
import { type HttpSend, sendOverHttp } from '@countersign/adapters/http-send.ts'
import { makeFakeServer } from '../../testing/fake-server.ts'
import { type MemoryWorld, runInMemory } from '../../testing/memory-terminal.ts'

const IMAGE = `registry.example/app@sha256:${'ab'.repeat(32)}`
const OTHER = `registry.example/app@sha256:${'cd'.repeat(32)}`
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ALGORITHM = 'ecdsa-p256-sha256'
const SIGN = ['attestations', 'sign-and-create', `--artifact-url=${IMAGE}`, '--attestor=a1']
const BY_PKIX = ['--pkix-private-key-file=key.pem', `--pkix-private-key-algorithm=${ALGORITHM}`]
const VALIDATE = ['attestations', 'validate', '--attestor=a1', `--artifact-url=${IMAGE}`]

/** A server with the attestor `a1` on the note `qa`, which knows the key `k1`. */
async function makeWorld(more: MemoryWorld = {}) {
  const server = await makeFakeServer()
  const files: Record<string, string | Uint8Array> = {
    'pub.pem': publicKey.export({ type: 'spki', format: 'pem' }),
    'key.pem': privateKey.export({ type: 'pkcs8', format: 'pem' }),
    ...more.files,
  }
  const run = async (...argv: readonly string[]) => await runInMemory(argv, { send: server.send, ...more, files })
  await run('attestors', 'create', 'a1', '--attestation-authority-note=qa')
  await run('attestors', 'public-keys', 'add', '--attestor=a1', '--pkix-public-key-file=pub.pem', `--pkix-public-key-algorithm=${ALGORITHM}`)
  return { ...server, files, run }
}

test('sign-and-create with a PKIX key makes an attestation that counts', async () => {
  const { run } = await makeWorld()
  const { exit, stdout } = await run(...SIGN, ...BY_PKIX, '--validate', '--format=value(name)')
  assert.equal(exit, 0)
  const validated = await run(...VALIDATE, '-o', 'json')
  assert.equal(validated.exit, 0)
  const [verdict] = JSON.parse(validated.stdout) as readonly [{ readonly occurrence: string; readonly result: string }]
  assert.deepEqual([verdict.occurrence, verdict.result], [stdout.trim(), 'VERIFIED'])
})

test('sign-and-create with a PGP key file', async () => {
  const pair = await makePgpPair()
  const { run } = await makeWorld({
    files: { 'key.asc': pair.key.asciiArmored, 'secret.asc': pair.armoredPrivateKey },
    now: () => Date.parse('2026-02-01T00:00:00Z'),
  })
  await run('attestors', 'public-keys', 'add', '--attestor=a1', '--pgp-public-key-file=key.asc')
  const made = await run(...SIGN, '--pgp-secret-key-file=secret.asc')
  assert.equal(made.exit, 0, made.stderr)
  assert.match(made.stdout, new RegExp(`publicKeyId: ${pair.key.id}`))
})

test('sign-and-create through the real gpg', { skip: GNUPG_ABSENT }, async (t) => {
  const gpg = new GnuPg()
  t.after(() => gpg.close())
  const fingerprint = gpg.makeKey('rsa2048')
  const { run } = await makeWorld({
    files: { 'key.asc': gpg.exportKey(fingerprint) },
    runProgram: async (_name, args, input) => ({ code: 0, stdout: gpg.run(args, input), stderr: '' }),
    now: () => Date.now(),
  })
  await run('attestors', 'public-keys', 'add', '--attestor=a1', '--pgp-public-key-file=key.asc')
  const made = await run(...SIGN, `--gpg-key=${fingerprint}`)
  assert.equal(made.exit, 0, made.stderr)
  assert.match(made.stdout, new RegExp(`publicKeyId: ${fingerprint}`))
})

test('an expiry is signed with the attestation', async () => {
  const { run } = await makeWorld()
  const { stdout } = await run(...SIGN, ...BY_PKIX, '--expires-in=1h', '--format=value(attestation.serializedPayload)')
  assert.match(Buffer.from(stdout, 'base64').toString(), /"expiry": "2026-01-31T13:00:00\.000Z"/)
})

test('§4.1: a key that the attestor does not have is told in the original’s words, and a no stops it', async () => {
  const { run, send, files } = await makeWorld()
  const line = [...SIGN, ...BY_PKIX, '--public-key-id-override=k9']
  const warning =
    'WARNING: No public key with ID [k9] found on attestor [projects/p1/attestors/a1]\n' +
    'Its keys: countersign attestors public-keys list --attestor=projects/p1/attestors/a1'
  assert.deepEqual(await runInMemory(line, { send, files, answer: 'n' }), {
    exit: 2,
    stdout: '',
    stderr: `${warning}\nERROR: Aborted: nothing was changed`,
  })
  assert.equal((await run(...line)).stderr, warning)
})

test('--validate stores nothing that would not count', async () => {
  const { run, files } = await makeWorld()
  const other = await run('create-signature-payload', `--artifact-url=${OTHER}`)
  files['other.json'] = other.stdout
  files['sig'] = 'nonsense'
  const id = (await run('attestors', 'public-keys', 'list', '--attestor=a1', '--format=value(id)')).stdout.trim()
  const line = ['attestations', 'create', `--artifact-url=${IMAGE}`, '--attestor=a1', '--signature-file=sig', `--public-key-id=${id}`, '--validate']
  const { exit, stderr } = await run(...line, '--payload-file=other.json')
  assert.equal(exit, 1)
  assert.match(stderr, /FAILED_PRECONDITION: The attestation would not count, so it was not stored: .*the signature does not fit/)
  assert.equal((await run('attestations', 'list', '--attestor=a1')).stderr, 'Listed 0 items.')
})

test('validate names the cause of each attestation that does not count, and exits 1 where none does', async () => {
  const { run } = await makeWorld()
  assert.equal((await run(...VALIDATE)).exit, 1)
  await run(...SIGN, ...BY_PKIX, '--public-key-id-override=k9')
  const { exit, stdout } = await run(...VALIDATE)
  assert.equal(exit, 1)
  assert.match(stdout, /│ k9 +│ does not count │ its key is none of the attestor's keys/)
})

test('validate judges a signature that is stored nowhere', async () => {
  const { run } = await makeWorld({ input: 'nonsense' })
  const { exit, stdout } = await run(...VALIDATE, '--signature-file=-', '--public-key-id=k1')
  assert.deepEqual([exit, /\(not stored\)/.test(stdout)], [1, true])
})

test('list narrows by digest, by attestor and by project', async () => {
  const { run } = await makeWorld()
  await run(...SIGN, ...BY_PKIX)
  const count = async (...argv: readonly string[]) =>
    ((await run('attestations', 'list', ...argv, '-o', 'json')).stdout.match(/"noteName"/g) ?? []).length
  assert.equal(await count('--attestor=a1', `--artifact-url=${IMAGE}`), 1)
  assert.equal(await count('--attestor=projects/p1/attestors/a1', `--artifact-url=${OTHER}`), 0)
  assert.equal(await count(), 1)
  assert.equal(await count('--project=p12'), 0)
})

test('an attestation by note alone needs no attestor; one of the two is needed', async () => {
  const { run } = await makeWorld()
  const sign = ['attestations', 'sign-and-create', `--artifact-url=${IMAGE}`, ...BY_PKIX]
  assert.match((await run(...sign, '--note=qa')).stdout, /noteName: projects\/p1\/notes\/qa/)
  assert.equal((await run(...sign)).stderr, 'ERROR: One of --attestor or --note must be provided.')
  assert.equal((await run(...sign, '--note=qa', '--attestor=a1')).exit, 2)
})

test('a key to sign with must be named, and one only; the hint says how', async () => {
  const { run } = await makeWorld()
  const { exit, stderr } = await run(...SIGN)
  assert.equal(exit, 2)
  assert.match(stderr, /No key to sign with was named\nName one with --key URI/)
  assert.equal((await run(...SIGN, ...BY_PKIX, '--gpg-key=x')).exit, 2)
})

for (const [url, text] of [
  ['registry.example/app', 'Docker image name must be fully qualified (e.g.registry/repository@digest) saw: registry.example/app'],
  ['registry.example/app@sha256:123', 'Invalid digest: sha256:123, must be at least 71 characters'],
  ['https:///app', "Image URL 'https:///app' is invalid because it does not have a host component."],
] as const) {
  test(`§3.1: artifact URL ${url} is refused in the original’s words, with a next step`, async () => {
    const { exit, stderr } = await runInMemory(['create-signature-payload', `--artifact-url=${url}`])
    assert.deepEqual([exit, stderr.split('\n')[0]], [2, `ERROR: ${text}`])
    assert.match(stderr, /countersign images list-tags/)
  })
}

test('a KMS key that may be seen and may not sign is usage, with what to grant; nothing is stored', { skip: OPENSSL_ABSENT }, async (t) => {
  const kms = await FakeGoogleKms.start()
  t.after(() => kms.close())
  kms.fault = 'DENIED_TO_SIGN'
  const { version } = kms.addKey('build', 'ECDSA_P256_SHA256')
  const server = await makeFakeServer()
  const send: HttpSend = async (request) => (request.url.startsWith(kms.server.origin) ? await sendOverHttp(request) : await server.send(request))
  const run = async (...argv: readonly string[]) => await runInMemory(argv, { send, env: kms.env })
  await run('attestors', 'create', 'a1', '--attestation-authority-note=qa')
  const { exit, stderr } = await run(...SIGN, `--key=gcpkms://${version}`)
  assert.deepEqual([exit, /^ERROR: Cannot use key "gcpkms:.*grant roles\/cloudkms\.signerVerifier/.test(stderr)], [2, true], stderr)
  assert.equal((await run('attestations', 'list', '--attestor=a1')).stderr, 'Listed 0 items.')
})

test('one way to name a key only: --key or --keyversion, whose parts must all be there', async () => {
  const { run } = await makeWorld()
  assert.match((await run(...SIGN, '--key=k', '--keyversion=1')).stderr, /Only one of --key and --keyversion can be given/)
  assert.match(
    (await run(...SIGN, '--keyversion=1', '--keyversion-key=k', '--keyversion-keyring=r')).stderr,
    /Option --keyversion-location is required/,
  )
  assert.match((await run(...SIGN, ...BY_PKIX, '--key=k')).stderr, /Only one of --key and --pkix-private-key-file can be given/)
})
