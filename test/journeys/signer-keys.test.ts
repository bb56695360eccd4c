import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { delimiter, dirname, join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { after, before, describe, type TestContext, test } from 'node:test'
import { FakeAwsKms } from '@countersign/adapters/testing/fake-aws-kms.ts'
import { FakeGoogleKms } from '@countersign/adapters/testing/fake-google-kms.ts'
import { FakeVaultTransit } from '@countersign/adapters/testing/fake-vault-transit.ts'
import { gnupgHome } from '../harness/gnupg.ts'
import { getPart, missingParts } from '../harness/parts.ts'
import { HSM_PIN, makeSoftHsm } from '../harness/soft-hsm.ts'
import { openSignerPlace, type SignerPlace } from './signer-place.ts'

/** How a key is named for the signer, how for `public-keys add`, and what the commands need in their environment. */
interface Kept {
  readonly signing: readonly string[]
  readonly adding: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

interface Row {
  readonly kind: string
  readonly parts: readonly string[]
  readonly keep: (t: TestContext, place: SignerPlace) => Promise<Kept>
}

const ROWS: readonly Row[] = [
  {
    kind: 'a token of PKCS#11 (SoftHSM)',
    parts: ['softhsm2-util', 'pkcs11-tool'],
    keep: async () => {
      const hsm = makeSoftHsm()
      hsm.addKey('EC:prime256v1', { label: 'build', id: '02' })
      const env = { ...hsm.env, PKCS11_MODULE_PATH: hsm.module, COUNTERSIGN_PKCS11_PIN: HSM_PIN }
      return byUri('pkcs11:token=demo;object=build', env)
    },
  },
  {
    kind: 'gpg and its agent',
    parts: ['gpg', 'gpgconf'],
    keep: async (t) => {
      const home = gnupgHome()
      t.after(() => home.stop())
      await home.gpg(['--passphrase', '', '--quick-gen-key', 'build@example.com', 'rsa2048', 'sign', 'never'])
      const listed = await home.gpg(['--with-colons', '--list-keys', 'build@example.com'])
      const id = /^fpr:+([0-9A-F]{40}):/m.exec(listed)?.[1] ?? ''
      const { path, env } = getPart('gpg')
      const uri = `gpg:${id}`
      return {
        ...byUri(uri, { ...env, GNUPGHOME: home.folder, PATH: [dirname(path), process.env['PATH']].join(delimiter) }),
        signing: ['--gpg-key', id],
      }
    },
  },
  {
    kind: 'a PKIX file',
    parts: [],
    keep: async (_t, { cwd }) => {
      const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
      writeFileSync(join(cwd, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
      writeFileSync(join(cwd, 'pub.pem'), publicKey.export({ type: 'spki', format: 'pem' }))
      return {
        signing: ['-pkix_private_key', 'key.pem', '-pkix_alg', 'rsa-pss-2048-sha256'],
        adding: ['--pkix-public-key-file=pub.pem', '--pkix-public-key-algorithm=rsa-pss-2048-sha256'],
      }
    },
  },
  {
    kind: 'Google Cloud KMS, by the original’s flags',
    parts: [],
    keep: async (t) => {
      const kms = await FakeGoogleKms.start()
      t.after(() => kms.close())
      const { version } = kms.addKey('build', 'ECDSA_P256_SHA256')
      return { signing: ['-kms_key_name', version, '-kms_digest_alg', 'SHA256'], adding: [`--keyversion=${version}`], env: kms.env }
    },
  },
  {
    kind: 'AWS KMS',
    parts: [],
    keep: async (t) => {
      const kms = await FakeAwsKms.start()
      t.after(() => kms.close())
      kms.addKey('build', 'RSA_PSS_3072_SHA256')
      return byUri('awskms:///alias/build', kms.env)
    },
  },
  {
    kind: 'HashiCorp Vault',
    parts: [],
    keep: async (t) => {
      const vault = await FakeVaultTransit.start()
      t.after(() => vault.close())
      vault.addKey('build', 'ECDSA_P384_SHA384')
      return byUri('hashivault://build', vault.env)
    },
  },
]

function byUri(uri: string, env: Readonly<Record<string, string>>): Kept {
  return { signing: ['--key', uri], adding: [`--key=${uri}`], env }
}

describe('a scanned image, signed by check-and-sign, is let in by the webhook and was not before', () => {
  let place: SignerPlace
  before(async () => {
    place = await openSignerPlace()
  })
  after(() => place.stop())

  for (const [row, { kind, parts, keep }] of ROWS.entries()) {
    test(kind, { skip: missingParts(...parts) }, async (t) => {
      const image = `registry.example/demo/app@sha256:${String(row + 1).repeat(64)}`
      const { signing, adding, env } = await keep(t, place)
      await place.must(['attestors', 'public-keys', 'add', '--attestor=scanned', ...adding], env)
      const signer = ['signer', '-image', image, '-policy', 'policy.yaml', '-vulnz_timeout', '0', '-note_name', place.note, ...signing]
      const early = await place.run(signer, env)
      assert.equal(early.code, 3, early.stderr)
      assert.equal(await place.admits(image), false)
      await place.scan(image)
      await place.must(signer, env)
      assert.equal(await place.admits(image), true)
    })
  }
})
