import { createPublicKey, type KeyObject } from 'node:crypto'
import type { SignatureScheme } from '@countersign/evidence/key/algorithm.ts'
import { ecdsaDer } from './ecdsa-der.ts'
import type { KeyOptions, KeySurroundings, OpenedKey } from './opened-key.ts'
import { runPkcs11Tool } from './pkcs11-tool.ts'
import { parsePkcs11Uri, type Pkcs11Uri } from './pkcs11-uri.ts'
import { KeyRefusal } from './refusal.ts'
import { type ChosenAlgorithm, openRemoteKey } from './remote-key.ts'

/**
 * Opens a key of a PKCS#11 token: an HSM, a smart card, SoftHSM. The module is the URI's `module-path`, else `PKCS11_MODULE_PATH`; the PIN comes
 * from `--passphrase-file`, `pin-source`, `COUNTERSIGN_PKCS11_PIN` or a person, when the key first signs.
 */
export async function openPkcs11Key(rest: string, options: KeyOptions, surroundings: KeySurroundings): Promise<OpenedKey> {
  const uri = parsePkcs11Uri(rest)
  const key = `pkcs11:${rest}`
  const { env } = surroundings
  const args = ['--module', uri.modulePath ?? env['PKCS11_MODULE_PATH'] ?? noModule(key), ...tokenArgs(uri)]
  const entry = findEntry(key, uri, (await runPkcs11Tool({ key, env, args: [...args, '--list-objects', '--type', 'pubkey'] })).toString('utf8'))
  const { id } = entry
  // Older programs cannot write the public keys of every curve; what they list of them is enough.
  const der = spkiOf(entry) ?? (await runPkcs11Tool({ key, env, args: [...args, '--read-object', '--type', 'pubkey', '--id', id] }))
  let pin: Promise<string> | undefined
  const sign = async (payload: Uint8Array, { scheme, digest }: ChosenAlgorithm): Promise<Uint8Array> => {
    pin ??= findPin(key, uri, { options, surroundings })
    const { mechanism, input } = mechanismOf(key, scheme, { payload, digest })
    const signature = await runPkcs11Tool({ key, env, args: [...args, '--sign', '--id', id, ...mechanism], pin: await pin, input })
    return scheme.family === 'ECDSA' ? ecdsaDer(signature) : signature
  }
  return openRemoteKey({ name: key, publicKey: readPublicKey(key, der), sign }, options)
}

function tokenArgs({ token, slotId }: Pkcs11Uri): readonly string[] {
  return [...(slotId === undefined ? [] : ['--slot', slotId]), ...(token === undefined ? [] : ['--token-label', token])]
}

/** A public key as the program lists it. */
interface Entry {
  readonly id: string
  readonly label: string
  /** Of elliptic curves: the point in its OCTET STRING, and the curve, in hexadecimal DER. */
  readonly point?: string
  readonly curve?: string
}

/** The program signs by id alone: given a label it takes the first private key that it meets. So the label is looked up, and must be unique. */
function findEntry(key: string, { object, id }: Pkcs11Uri, listing: string): Entry {
  const entries = listing.split(/^(?=\S)/m).flatMap(readEntry)
  const found = entries.filter((entry) => (id === undefined || entry.id === id) && (object === undefined || entry.label === object))
  const [only] = found
  if (only !== undefined && new Set(found.map((entry) => entry.id)).size === 1) return only
  const next = 'the keys: pkcs11-tool --module MODULE --token-label TOKEN --list-objects'
  if (only === undefined) throw new KeyRefusal('NOT_FOUND', { key, reason: `the token has no such public key with an id; ${next}` })
  const ids = found.map((entry) => `id=${entry.id.replaceAll(/../g, '%$&')}`).sort()
  throw new KeyRefusal('INVALID_ARGUMENT', { key, reason: `${found.length} keys have this label: add one of ${ids.join(', ')}; ${next}` })
}

function readEntry(block: string): readonly Entry[] {
  const read = (pattern: RegExp): string | undefined => pattern.exec(block)?.[1]
  const [id, point, curve] = [read(/^ {2}ID: *([0-9a-f]+)/m), read(/^ {2}EC_POINT: *([0-9a-f]+)/m), read(/^ {2}EC_PARAMS: *([0-9a-f]+)/m)]
  if (id === undefined) return []
  return [{ id, label: read(/^ {2}label: *(.*)$/m) ?? '', ...(point === undefined || curve === undefined ? {} : { point, curve }) }]
}

const EC_PUBLIC_KEY = Buffer.from('06072a8648ce3d0201', 'hex')

/** SubjectPublicKeyInfo of a point on a named curve: `SEQUENCE { SEQUENCE { id-ecPublicKey, curve }, BIT STRING point }` (RFC 5480). */
function spkiOf({ point, curve }: Entry): Buffer | undefined {
  if (point === undefined || curve === undefined) return undefined
  const wrapped = Buffer.from(point, 'hex')
  const bare = wrapped.subarray(wrapped[1] === 0x81 ? 3 : 2)
  return sequence(
    Buffer.concat([sequence(Buffer.concat([EC_PUBLIC_KEY, Buffer.from(curve, 'hex')])), element(0x03, Buffer.concat([Buffer.of(0), bare]))]),
  )
}

function sequence(content: Buffer): Buffer {
  return element(0x30, content)
}

function element(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from(content.length < 0x80 ? [tag, content.length] : [tag, 0x81, content.length]), content])
}

/** ECDSA and PSS sign the digest, which every token can; PKCS#1 the payload, since its digest must be wrapped first. */
function mechanismOf(
  key: string,
  scheme: SignatureScheme,
  { payload, digest }: { readonly payload: Uint8Array; readonly digest: Uint8Array },
): { readonly mechanism: readonly string[]; readonly input: Uint8Array } {
  switch (scheme.family) {
    case 'ECDSA':
      return { mechanism: ['--mechanism', 'ECDSA'], input: digest }
    case 'RSA_PSS': {
      const hash = scheme.hash.toUpperCase()
      const parameters = ['--hash-algorithm', hash, '--mgf', `MGF1-${hash}`, '--salt-len', String(scheme.hashBytes)]
      return { mechanism: ['--mechanism', 'RSA-PKCS-PSS', ...parameters], input: digest }
    }
    case 'RSA_PKCS1':
      return { mechanism: ['--mechanism', `${scheme.hash.toUpperCase()}-RSA-PKCS`], input: payload }
    case 'ML_DSA':
      throw new KeyRefusal('FAILED_PRECONDITION', { key, reason: 'tokens are not asked for ML-DSA' })
  }
}

async function findPin(
  key: string,
  { pinSource }: Pkcs11Uri,
  { options, surroundings }: { readonly options: KeyOptions; readonly surroundings: KeySurroundings },
): Promise<string> {
  const { env, readFile, askSecret } = surroundings
  if (options.passphrase !== undefined) return options.passphrase
  if (pinSource !== undefined)
    return (
      Buffer.from(await readFile(pinSource))
        .toString('utf8')
        .split(/\r?\n/)[0] ?? ''
    )
  const pin = env['COUNTERSIGN_PKCS11_PIN'] ?? (await askSecret(`PIN of ${key}:`))
  if (pin !== undefined) return pin
  throw new KeyRefusal('UNAUTHENTICATED', {
    key,
    reason: 'it needs a PIN: write --passphrase-file FILE or pin-source=/path, or set COUNTERSIGN_PKCS11_PIN',
  })
}

function readPublicKey(key: string, der: Buffer): KeyObject {
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' })
  } catch {
    return readPkcs1(key, der)
  }
}

/** Of RSA keys older programs give the bare numbers. */
function readPkcs1(key: string, der: Buffer): KeyObject {
  try {
    return createPublicKey({ key: der, format: 'der', type: 'pkcs1' })
  } catch (cause) {
    throw new KeyRefusal('FAILED_PRECONDITION', { key, reason: 'its public key cannot be read: expected EC P-256, P-384, P-521 or RSA', cause })
  }
}

function noModule(key: string): never {
  throw new KeyRefusal('INVALID_ARGUMENT', { key, reason: 'it names no module: write ?module-path=/path/to/module.so, or set PKCS11_MODULE_PATH' })
}
