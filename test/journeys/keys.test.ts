import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { AZURE_VAULT, FakeAzureVault } from '@countersign/adapters/testing/fake-azure-vault.ts'
import { FakeAwsKms } from '@countersign/adapters/testing/fake-aws-kms.ts'
import { FakeGoogleKms } from '@countersign/adapters/testing/fake-google-kms.ts'
import { FakeVaultTransit } from '@countersign/adapters/testing/fake-vault-transit.ts'
import { sendOverHttp } from '@countersign/adapters/http-send.ts'
import { sendTo } from '@countersign/adapters/testing/key-surroundings.ts'
import type { RunProgram } from '@countersign/cli/terminal.ts'
import { makeFakeServer } from '@countersign/cli/testing/fake-server.ts'
import { type MemoryWorld, runInMemory } from '@countersign/cli/testing/memory-terminal.ts'
import { checkAttestation } from '@countersign/evidence/attestation/check-attestation.ts'
import { loadKeys } from '@countersign/evidence/attestation/loaded-keys.ts'
import { SCHEMES } from '@countersign/evidence/key/algorithm.ts'
import { makeAttestation } from '@countersign/evidence/testing/attestations.ts'
import { GnuPg } from '@countersign/evidence/testing/gnupg.ts'
import { getPart, missingParts } from '../harness/parts.ts'
import { HSM_PIN, makeSoftHsm } from '../harness/soft-hsm.ts'
import { tempFolder } from '../harness/temp-folder.ts'

const DIGEST = `sha256:${'ab'.repeat(32)}`
const IMAGE = `registry.example/app@${DIGEST}`

/** A key as somebody would use it: how it is named on a command line, and the world in which it lies. */
interface Kept {
  readonly words: readonly string[]
  readonly world: MemoryWorld
  /** Of the attestor's key, where the original says what it is. */
  readonly id?: string
}

interface Row {
  readonly kind: string
  readonly parts: readonly string[]
  readonly keep: (t: TestContext) => Promise<Kept>
}

const ROWS: readonly Row[] = [
  { kind: 'Google Cloud KMS by its URI', parts: ['openssl'], keep: async (t) => await keepGoogle(t, (version) => [`--key=gcpkms://${version}`]) },
  {
    kind: 'Google Cloud KMS by the original’s flags',
    parts: ['openssl'],
    keep: async (t) =>
      await keepGoogle(t, () => [
        '--keyversion=1',
        '--keyversion-key=build',
        '--keyversion-keyring=ring',
        '--keyversion-location=global',
        '--keyversion-project=p1',
      ]),
  },
  {
    kind: 'Google Cloud KMS by the original’s flag with a full name',
    parts: ['openssl'],
    keep: async (t) => await keepGoogle(t, (version) => [`--keyversion=${version}`]),
  },
  {
    kind: 'AWS KMS',
    parts: ['openssl'],
    keep: async (t) => {
      const kms = await FakeAwsKms.start()
      t.after(() => kms.close())
      kms.addKey('build', 'RSA_PSS_3072_SHA256')
      return { words: ['--key=awskms:///alias/build'], world: { env: kms.env } }
    },
  },
  {
    kind: 'Azure Key Vault',
    parts: ['openssl'],
    keep: async (t) => {
      const vault = await FakeAzureVault.start()
      t.after(() => vault.close())
      vault.addKey('build', 'ECDSA_P384_SHA384')
      return {
        words: [`--key=azurekms://${AZURE_VAULT}/build`],
        world: { env: vault.env, send: async (request) => await sendTo(request, vault.hosts) },
      }
    },
  },
  {
    kind: 'HashiCorp Vault',
    parts: ['openssl'],
    keep: async (t) => {
      const vault = await FakeVaultTransit.start()
      t.after(() => vault.close())
      vault.addKey('build', 'ECDSA_P521_SHA512')
      return { words: ['--key=hashivault://build'], world: { env: vault.env } }
    },
  },
  ...['EC:prime256v1', 'EC:secp384r1', 'EC:secp521r1', 'rsa:2048'].map((type) => ({
    kind: `a token of PKCS#11 with ${type}`,
    parts: ['softhsm2-util', 'pkcs11-tool'],
    keep: async () => {
      const hsm = makeSoftHsm()
      hsm.addKey('rsa:2048', { label: 'other', id: '01' })
      hsm.addKey(type, { label: 'build', id: '02' })
      const env = { ...hsm.env, PKCS11_MODULE_PATH: hsm.module, COUNTERSIGN_PKCS11_PIN: HSM_PIN }
      return { words: ['--key=pkcs11:token=demo;object=build'], world: { env } }
    },
  })),
  {
    kind: 'gpg and its agent',
    parts: ['gpg', 'gpgconf'],
    keep: async (t) => {
      const gpg = new GnuPg()
      t.after(() => gpg.close())
      const id = gpg.makeKey('rsa2048', { time: '20260101T000000' })
      const runProgram: RunProgram = async (_name, args, input) => ({
        code: 0,
        stdout: gpg.run(['--faked-system-time', '20260131T110000!', ...args], input),
        stderr: '',
      })
      return { words: [`--key=gpg:${id}`], world: { runProgram }, id }
    },
  },
  {
    kind: 'a PGP secret key file',
    parts: ['gpg', 'gpgconf'],
    keep: async (t) => {
      const gpg = new GnuPg()
      t.after(() => gpg.close())
      const id = gpg.makeKey('rsa2048', { time: '20260101T000000' })
      return { words: ['--key=key.asc'], world: { files: { 'key.asc': gpg.exportSecretKey(id) } }, id }
    },
  },
  {
    kind: 'an encrypted PKCS#8 file',
    parts: [],
    keep: async () => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const pem = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open' })
      return { words: ['--key=file:key.pem', '--passphrase-file=pass'], world: { files: { 'key.pem': pem, pass: 'open\n' } } }
    },
  },
]

async function keepGoogle(t: TestContext, words: (version: string) => readonly string[]): Promise<Kept> {
  const kms = await FakeGoogleKms.start()
  t.after(() => kms.close())
  const { version } = kms.addKey('build', 'ECDSA_P256_SHA256')
  return { words: words(version), world: { env: kms.env }, id: `//cloudkms.googleapis.com/v1/${version}` }
}

/** Requests to the server go to it, all others out. */
async function makeRun({ world }: Kept) {
  const server = await makeFakeServer()
  const send: MemoryWorld['send'] = async (request) =>
    request.url.startsWith('http://127.0.0.1:8080/') ? await server.send(request) : await (world.send ?? sendOverHttp)(request)
  return async (...argv: readonly string[]) => await runInMemory(argv, { runProgram, ...world, send })
}

for (const { kind, parts, keep } of ROWS) {
  test(`public-keys add of ${kind}, then signing with it: a gate accepts it`, { skip: missingParts(...parts) }, async (t) => {
    const kept = await keep(t)
    const run = await makeRun(kept)
    const ok = async (...argv: readonly string[]): Promise<string> => {
      const { exit, stdout, stderr } = await run(...argv)
      assert.equal(exit, 0, stderr)
      return stdout
    }
    await ok('attestors', 'create', 'a1', '--attestation-authority-note=qa')
    const added = JSON.parse(await ok('attestors', 'public-keys', 'add', '--attestor=a1', ...kept.words, '-o', 'json')) as AddedKey
    if (kept.id !== undefined) assert.equal(added.id, kept.id)
    await ok('attestations', 'sign-and-create', '--attestor=a1', `--artifact-url=${IMAGE}`, ...kept.words, '--validate')
    await ok('attestations', 'validate', '--attestor=a1', `--artifact-url=${IMAGE}`)
    const [stored] = JSON.parse(await ok('attestations', 'list', '--attestor=a1', '-o', 'json')) as readonly [StoredAttestation]
    const signatures = stored.attestation.signatures.map(({ signature, publicKeyId }) => ({
      publicKeyId,
      signature: Buffer.from(signature, 'base64'),
    }))
    const serializedPayload = Buffer.from(stored.attestation.serializedPayload, 'base64')
    const [signature] = signatures
    assert.ok(signature)
    const attestation = makeAttestation(signature, { serializedPayload, resourceUri: IMAGE })
    assert.deepEqual(
      checkAttestation(attestation, await loadKeys([keyOf(added)])).map(({ outcome }) => outcome),
      ['VERIFIED'],
    )
    verifyByOpenssl(added, { payload: serializedPayload, signature: signature.signature })
  })
}

interface AddedKey {
  readonly id: string
  readonly asciiArmoredPgpPublicKey?: string
  readonly pkixPublicKey?: { readonly publicKeyPem: string; readonly signatureAlgorithm: keyof typeof SCHEMES }
}

interface StoredAttestation {
  readonly attestation: {
    readonly serializedPayload: string
    readonly signatures: readonly { readonly signature: string; readonly publicKeyId: string }[]
  }
}

function keyOf({ id, asciiArmoredPgpPublicKey, pkixPublicKey }: AddedKey): Parameters<typeof loadKeys>[0][number] {
  if (pkixPublicKey !== undefined) return { type: 'PKIX', id, ...pkixPublicKey }
  return { type: 'PGP', id, asciiArmored: asciiArmoredPgpPublicKey ?? '' }
}

/** A second opinion on PKIX signatures. */
function verifyByOpenssl({ pkixPublicKey }: AddedKey, signed: { readonly payload: Buffer; readonly signature: Buffer }): void {
  if (pkixPublicKey === undefined || missingParts('openssl') !== false) return
  const scheme = SCHEMES[pkixPublicKey.signatureAlgorithm]
  const folder = tempFolder()
  const write = (name: string, content: string | Buffer): string => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const pss = scheme.family === 'RSA_PSS' ? ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest'] : []
  const hash = 'hash' in scheme ? [`-${scheme.hash}`] : []
  const key = write('key.pem', pkixPublicKey.publicKeyPem)
  const args = ['dgst', ...hash, ...pss, '-verify', key, '-signature', write('signature', signed.signature), write('payload', signed.payload)]
  const { path, env } = getPart('openssl')
  assert.equal(spawnSync(path, args, { env: { ...process.env, ...env } }).status, 0)
}

const runProgram: RunProgram = async (name) => {
  throw new Error(`nobody asked for ${name}`)
}
