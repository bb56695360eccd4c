import type { KeyObject } from 'node:crypto'
import { createHash } from 'node:crypto'
import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { DeclaredAlgorithm, SignatureScheme } from '@countersign/evidence/key/algorithm.ts'
import { SCHEMES } from '@countersign/evidence/key/algorithm.ts'
import { pkixKeyId } from '@countersign/evidence/key/key-id.ts'
import { algorithmsFor, describeKey, loadPkixKey } from '@countersign/evidence/key/pkix-key.ts'
import { verifyPkixSignature } from '@countersign/evidence/key/pkix-signature.ts'
import type { KeyOptions, OpenedKey } from './opened-key.ts'

/** A key whose secret half never leaves its keeper. */
export interface RemoteKey {
  /** As people name it: its URI. */
  readonly name: string
  readonly publicKey: KeyObject
  /** What its keeper signs with it; absent: whatever a key of its kind can. */
  readonly offered?: readonly DeclaredAlgorithm[]
  /** Its id on attestors; absent: the digest of the public key. */
  readonly id?: string
  /** Asks the keeper for a signature; ECDSA's in DER. */
  sign(payload: Uint8Array, how: ChosenAlgorithm): Promise<Uint8Array>
}

export interface ChosenAlgorithm {
  readonly algorithm: DeclaredAlgorithm
  readonly scheme: SignatureScheme
  /** The payload's digest, which is all that the keeper needs to see; of ML-DSA, which signs the payload itself, the payload. */
  readonly digest: Uint8Array
}

/**
 * Makes a remote key an opened one. What its keeper answers is verified before it is given out: a signature that was damaged on its way, or made
 * with another key, hash or salt, would be found only when a cluster refuses the image.
 */
export function openRemoteKey(remote: RemoteKey, options: KeyOptions): OpenedKey {
  const algorithm = chooseAlgorithm(remote, options)
  const scheme = SCHEMES[algorithm]
  const id = options.publicKeyId ?? remote.id ?? pkixKeyId(remote.publicKey.export({ format: 'der', type: 'spki' }))
  const publicKeyPem = remote.publicKey.export({ format: 'pem', type: 'spki' }).toString()
  const publicKey = { type: 'PKIX', id, publicKeyPem, signatureAlgorithm: algorithm } as const
  const loaded = loadPkixKey(publicKey)
  if (loaded.kind === 'UNUSABLE') throw new StatusError('FAILED_PRECONDITION', `Cannot use key ${quote(remote.name)}: ${loaded.reason}`)
  const sign = async (payload: Uint8Array): Promise<Uint8Array> => {
    const signature = await remote.sign(payload, { algorithm, scheme, digest: digestOf(scheme, payload) })
    if (verifyPkixSignature(loaded, payload, signature)) return signature
    throw new StatusError('DATA_LOSS', `Key ${quote(remote.name)} gave a signature that its own public key refuses: nothing was stored; try again`)
  }
  return { signer: { publicKeyId: id, sign }, publicKey }
}

function chooseAlgorithm({ name, publicKey, offered }: RemoteKey, { algorithm }: KeyOptions): DeclaredAlgorithm {
  const able = algorithmsFor(publicKey).filter((one) => offered?.includes(one) ?? true)
  const [first] = able
  if (first === undefined) {
    throw new StatusError(
      'FAILED_PRECONDITION',
      `Cannot use key ${quote(name)}: it is ${describeKey(publicKey)} and signs with no algorithm of attestors; make one of ${Object.keys(SCHEMES).join(', ')}`,
    )
  }
  if (algorithm === undefined || able.includes(algorithm)) return algorithm ?? first
  throw new StatusError(
    'FAILED_PRECONDITION',
    `Cannot use key ${quote(name)} with ${algorithm}: it is ${describeKey(publicKey)} and signs with ${able.join(', ')}`,
  )
}

function digestOf(scheme: SignatureScheme, payload: Uint8Array): Uint8Array {
  return scheme.family === 'ML_DSA' ? payload : createHash(scheme.hash).update(payload).digest()
}
