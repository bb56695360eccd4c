import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, sign, verify, type KeyObject } from 'node:crypto'

/*
 * Checkpoints as C2SP tlog-checkpoint and signed-note have them, signed with Ed25519:
 *
 *   origin LF size LF base64( root ) LF LF "— " name " " base64( key hash || signature ) LF
 *
 * The signature is over everything before the empty line, its last LF included; the name is the origin. The key hash is the first 4 bytes of
 * SHA-256( name LF 0x01 public key ).
 */

const ED25519 = 1
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
const NAME = /^[^\s+]{1,200}$/u
/** More than any checkpoint of ours: a file that is none is not read far. */
const MAX_NOTE = 2000

/** The state of the log: its name, how many leaves it has, and their Merkle root. */
export interface Checkpoint {
  readonly origin: string
  readonly size: number
  /** 32 bytes. */
  readonly root: Uint8Array
}

/** Signs checkpoints. */
export interface CheckpointSigner {
  readonly origin: string
  /** The public half as signed-note writes verifier keys: `name+hash+key`. */
  readonly verifierKey: string
  /** The signed note. */
  sign(state: Pick<Checkpoint, 'size' | 'root'>): string
}

/** A new private key: Ed25519, PEM of its PKCS #8. */
export function makeCheckpointKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
}

/** The signer of a private key as `makeCheckpointKey` makes it. TypeError for another kind of key, or an origin with white space or `+`. */
export function makeCheckpointSigner(origin: string, privateKeyPem: string): CheckpointSigner {
  const key = createPrivateKey(privateKeyPem)
  if (key.asymmetricKeyType !== 'ed25519')
    throw new TypeError(`Cannot sign checkpoints with a key of type ${key.asymmetricKeyType}: expected ed25519`)
  if (!NAME.test(origin)) throw new TypeError('Cannot sign checkpoints: the origin holds white space or "+"')
  const raw = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length)
  const keyHash = hashKey(origin, raw)
  return {
    origin,
    verifierKey: `${origin}+${keyHash.toString('hex')}+${Buffer.concat([Buffer.of(ED25519), raw]).toString('base64')}`,
    sign: ({ size, root }) => {
      const body = `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`
      return `${body}\n— ${origin} ${Buffer.concat([keyHash, sign(null, Buffer.from(body), key)]).toString('base64')}\n`
    },
  }
}

/** A verifier key that was read. */
export interface CheckpointVerifier {
  readonly origin: string
  /** The checkpoint, or undefined where the note is none, or is not signed with this key. Signatures of others (witnesses) are passed over. */
  open(note: string): Checkpoint | undefined
}

/** Reads a verifier key, `name+hash+key`; undefined where it is none of Ed25519. */
export function parseVerifierKey(text: string): CheckpointVerifier | undefined {
  const match = /^([^\s+]{1,200})\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{1,100})$/u.exec(text)
  const [, origin = '', keyHash = '', encoded = ''] = match ?? []
  const bytes = decode(encoded)
  if (bytes?.length !== 33 || bytes[0] !== ED25519) return undefined
  const raw = bytes.subarray(1)
  if (hashKey(origin, raw).toString('hex') !== keyHash) return undefined
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' })
  return { origin, open: (note) => openNote(note, { origin, keyHash: Buffer.from(keyHash, 'hex'), key }) }
}

interface Known {
  readonly origin: string
  readonly keyHash: Buffer
  readonly key: KeyObject
}

/** The bytes that were signed are verified first, and then the same bytes are read. */
function openNote(note: string, { origin, keyHash, key }: Known): Checkpoint | undefined {
  const [body, signatures, ...more] = note.length > MAX_NOTE ? [] : note.split('\n\n')
  if (body === undefined || signatures === undefined || more.length > 0 || !signatures.endsWith('\n')) return undefined
  const isSigned = signatures
    .slice(0, -1)
    .split('\n')
    .some((line) => isBy(line, `${body}\n`, { origin, keyHash, key }))
  if (!isSigned) return undefined
  const [name, size = '', encoded = ''] = body.split('\n')
  const root = decode(encoded)
  if (name !== origin || !/^(?:0|[1-9][0-9]{0,14})$/.test(size) || root?.length !== 32) return undefined
  return { origin, size: Number(size), root }
}

function isBy(line: string, body: string, { origin, keyHash, key }: Known): boolean {
  const prefix = `— ${origin} `
  const bytes = line.startsWith(prefix) ? decode(line.slice(prefix.length)) : undefined
  return bytes !== undefined && bytes.subarray(0, 4).equals(keyHash) && verify(null, Buffer.from(body), key, bytes.subarray(4))
}

/** Finds the notes of a text in which each is followed by an empty line, as a file of checkpoints has them. */
export function splitNotes(text: string): readonly string[] {
  const parts = text.split(/\n{2,}/)
  return parts.flatMap((body, index) => {
    const signatures = parts[index + 1]
    return signatures?.startsWith('— ') === true ? [`${body}\n\n${signatures.replace(/\n$/, '')}\n`] : []
  })
}

/** Base64 in its one form: what decodes to the same bytes from another text is refused. */
function decode(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

function hashKey(origin: string, raw: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([Buffer.from(`${origin}\n`), Buffer.of(ED25519), raw]), 'buffer').subarray(0, 4)
}
