import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openKey } from '@countersign/adapters/keys/open-key.ts'
import { makeKeySurroundings } from '@countersign/adapters/testing/key-surroundings.ts'
import { checkSignature } from '@countersign/evidence/attestation/check-signature.ts'
import { loadKey } from '@countersign/evidence/attestation/loaded-keys.ts'
import { DIGEST, PAYLOAD } from '@countersign/evidence/testing/attestations.ts'
import { plainEnvironment, startChild } from '../harness/child.ts'
import { freePort } from '../harness/free-port.ts'
import { getPart, missingParts } from '../harness/parts.ts'
import { tempFolder } from '../harness/temp-folder.ts'

/** Keys of local-kms by alias; it reads them from a file, curves in SEC1 and RSA in PKCS#8. */
const KEYS = {
  curve: {
    group: 'Ecc',
    id: '11111111-1111-4111-8111-111111111111',
    pem: pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, 'sec1'),
  },
  rsa: {
    group: 'Rsa',
    id: '22222222-2222-4222-8222-222222222222',
    pem: pemOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, 'pkcs8'),
  },
} as const

test('local-kms, which speaks AWS KMS’ protocol and is not ours, signs what a gate accepts', { skip: missingParts('local-kms') }, async (t) => {
  const folder = tempFolder()
  const port = await freePort()
  writeFileSync(join(folder, 'seed.yaml'), seed())
  const part = getPart('local-kms')
  const env = {
    ...plainEnvironment(part.env),
    PORT: String(port),
    KMS_DATA_PATH: folder,
    KMS_SEED_PATH: join(folder, 'seed.yaml'),
    KMS_REGION: 'eu-central-1',
  }
  const child = startChild(part.path, [], { env, cwd: folder })
  t.after(() => child.kill9())
  await child.waitFor('local-kms to listen', () => /started on/i.exec(child.stdout() + child.stderr()) ?? undefined)
  const surroundings = makeKeySurroundings({
    AWS_ENDPOINT_URL_KMS: `http://127.0.0.1:${port}`,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'secret',
  })
  for (const [alias, algorithm] of [
    ['curve', 'ECDSA_P256_SHA256'],
    ['rsa', 'RSA_PSS_2048_SHA256'],
    ['rsa', 'RSA_SIGN_PKCS1_2048_SHA256'],
  ] as const) {
    const { signer, publicKey } = await openKey(`awskms:///alias/${alias}`, { algorithm }, surroundings)
    assert.deepEqual(
      await checkSignature(PAYLOAD, await signer.sign(PAYLOAD), await loadKey(publicKey)),
      { ok: true, fact: { digest: DIGEST } },
      algorithm,
    )
  }
  await assert.rejects(openKey('awskms:///alias/none', {}, surroundings), { code: 'NOT_FOUND' })
})

function pemOf(key: KeyObject, type: 'sec1' | 'pkcs8'): string {
  return key.export({ type, format: 'pem' }).toString()
}

function seed(): string {
  const entries = Object.values(KEYS).map(({ group, id, pem }) => ({
    [group]: [{ Metadata: { KeyId: id, KeyUsage: 'SIGN_VERIFY' }, PrivateKeyPem: pem }],
  }))
  const aliases = Object.entries(KEYS).map(([alias, { id }]) => ({ AliasName: `alias/${alias}`, TargetKeyId: id }))
  return JSON.stringify({ Keys: { Asymmetric: Object.assign({}, ...entries) as object }, Aliases: aliases })
}
