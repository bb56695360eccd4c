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
  const id = await findId(key, uri, async () =>
    (await runPkcs11Tool({ key, env, args: [...args, '--list-objects', '--type', 'pubkey'] })).toString('utf8'),
  )
  const der = await runPkcs11Tool({ key, env, args: [...args, '--read-object', '--type', 'pubkey', '--id', id] })
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

/** The program signs by id alone: given a label it takes the first private key that it meets. So the label is looked up, and must be unique. */
async function findId(key: string, { object, id }: Pkcs11Uri, list: () => Promise<string>): Promise<string> {
  if (object === undefined) return id ?? ''
  const blocks = (await list()).split(/^(?=\S)/m)
  const found = blocks
    .filter((block) => /^ {2}label: *(.*)$/m.exec(block)?.[1] === object)
    .flatMap((block) => /^ {2}ID: *([0-9a-f]+)$/m.exec(block)?.[1] ?? [])
  const ids = [...new Set(found)].filter((one) => id === undefined || one === id)
  const [only] = ids
  if (only !== undefined && ids.length === 1) return only
  const code = ids.length === 0 ? 'NOT_FOUND' : 'INVALID_ARGUMENT'
  const reason =
    ids.length === 0
      ? 'the token has no public key with this label and an id'
      : `${ids.length} keys have this label: name one by id=%${ids.join(' or id=%')}`
  throw new KeyRefusal(code, { key, reason: `${reason}; its keys: pkcs11-tool --module MODULE --list-objects` })
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
