import assert from 'node:assert/strict'
import { constants, createHash, verify } from 'node:crypto'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { AZURE_VAULT, FakeAzureVault } from '@countersign/adapters/testing/fake-azure-vault.ts'
import { FakeGoogleKms } from '@countersign/adapters/testing/fake-google-kms.ts'
import { sendTo } from '@countersign/adapters/testing/key-surroundings.ts'
import { crc32c } from '@countersign/adapters/keys/crc32c.ts'

/** The fakes by which our own clients are tested are judged by the vendors' clients: a fake that pleases only us proves nothing. */
const absent = existsSync(new URL('node_modules/@google-cloud/kms', import.meta.url)) ? false : 'the peers are not installed (npm test does it)'
const load = createRequire(import.meta.url)
const PAYLOAD = Buffer.from('payload')
const DIGEST = createHash('sha256').update(PAYLOAD).digest()

interface GoogleClient {
  getPublicKey(
    request: object,
  ): Promise<readonly [{ readonly pem: string; readonly pemCrc32c: { readonly value: unknown }; readonly algorithm: unknown }]>
  asymmetricSign(
    request: object,
  ): Promise<
    readonly [{ readonly signature: Uint8Array; readonly signatureCrc32c: { readonly value: unknown }; readonly verifiedDigestCrc32c: boolean }]
  >
  close(): Promise<void>
}

test('Google’s own KMS client reads and signs with the fake of Cloud KMS', { skip: absent }, async (t) => {
  const kms = await FakeGoogleKms.start()
  t.after(() => kms.close())
  const { version } = kms.addKey('key', 'ECDSA_P256_SHA256')
  const { KeyManagementServiceClient } = load('@google-cloud/kms') as { KeyManagementServiceClient: new (options: object) => GoogleClient }
  const { OAuth2Client } = load('google-auth-library') as { OAuth2Client: new () => { setCredentials(credentials: object): void } }
  const authClient = new OAuth2Client()
  authClient.setCredentials({ access_token: 'token' })
  const client = new KeyManagementServiceClient({ fallback: true, protocol: 'http', apiEndpoint: '127.0.0.1', port: kms.server.port, authClient })
  t.after(() => client.close())
  const [key] = await client.getPublicKey({ name: version })
  assert.equal(String(key.pemCrc32c.value), crc32c(Buffer.from(key.pem)))
  const [signed] = await client.asymmetricSign({ name: version, digest: { sha256: DIGEST }, digestCrc32c: { value: crc32c(DIGEST) } })
  assert.deepEqual([signed.verifiedDigestCrc32c, String(signed.signatureCrc32c.value)], [true, crc32c(signed.signature)])
  assert.ok(verify('sha256', PAYLOAD, { key: key.pem, dsaEncoding: 'der' }, signed.signature))
})

interface AzureRequest {
  readonly url: string
  readonly method: string
  readonly headers: { toJSON(): Record<string, string> }
  readonly body?: string | null
}
interface AzureKeyClient {
  getKey(name: string): Promise<{ readonly id: string; readonly key: Record<string, unknown> }>
}
interface AzureCryptography {
  sign(algorithm: string, digest: Uint8Array): Promise<{ readonly result: Uint8Array }>
  verify(algorithm: string, digest: Uint8Array, signature: Uint8Array): Promise<{ readonly result: boolean }>
}

test('Azure’s own client reads and signs with the fake of Key Vault, after its challenge', { skip: absent }, async (t) => {
  const vault = await FakeAzureVault.start()
  t.after(() => vault.close())
  vault.addKey('rsa', 'RSA_PSS_2048_SHA256')
  vault.addKey('curve', 'ECDSA_P256_SHA256')
  const { KeyClient, CryptographyClient } = load('@azure/keyvault-keys') as {
    KeyClient: new (url: string, credential: object, options: object) => AzureKeyClient
    CryptographyClient: new (key: unknown, credential: object, options: object) => AzureCryptography
  }
  const { createHttpHeaders } = load('@azure/core-rest-pipeline') as { createHttpHeaders: (headers: object) => object }
  const credential = { getToken: async () => ({ token: 'token', expiresOnTimestamp: Date.now() + 3_600_000 }) }
  const httpClient = {
    sendRequest: async (request: AzureRequest) => {
      const { url, method, body } = request
      const sent = {
        url,
        method,
        headers: request.headers.toJSON(),
        ...(body === undefined || body === null || body === '' ? {} : { body: Buffer.from(body) }),
      }
      const answer = await sendTo(sent, vault.hosts)
      return { request, status: answer.status, headers: createHttpHeaders(answer.headers), bodyAsText: Buffer.from(answer.body).toString() }
    },
  }
  const keys = new KeyClient(`https://${AZURE_VAULT}`, credential, { httpClient })
  const rsa = await keys.getKey('rsa')
  // By the id alone the client must ask the vault; a whole key it would use by itself.
  const signed = await new CryptographyClient(rsa.id, credential, { httpClient }).sign('PS256', DIGEST)
  const { n, e } = rsa.key as { readonly n: Uint8Array; readonly e: Uint8Array }
  const jwk = { kty: 'RSA', n: Buffer.from(n).toString('base64url'), e: Buffer.from(e).toString('base64url') }
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
  assert.ok(verify('sha256', PAYLOAD, { key: jwk, format: 'jwk', ...padding }, signed.result))
  const curve = await keys.getKey('curve')
  const { result } = await new CryptographyClient(curve.id, credential, { httpClient }).sign('ES256', DIGEST)
  assert.equal(result.length, 64)
})
