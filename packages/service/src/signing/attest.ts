import type { UnverifiedAttestation } from '@countersign/core/attestation/attestation.ts'
import type { ImageDigest } from '@countersign/core/image/reference.ts'
import { StatusError } from '@countersign/core/status.ts'
import { checkAttestation } from '@countersign/evidence/attestation/check-attestation.ts'
import type { AttestationDraft, Attestations, SigningKey } from './ports.ts'

/**
 * Which earlier attestation makes a new one needless. SAME_KEY: a valid one by this key, of this payload; others are passed over.
 * ANY_SIGNATURE: as kritis, whatever carries a signature (kritis-and-grafeas.md §1.7). NONE: a new one is made, and this key's earlier
 * ones are deleted when it holds.
 */
export type Enough = 'SAME_KEY' | 'ANY_SIGNATURE' | 'NONE'

/** What is signed, with what, and what becomes of an attestation that is there already. */
export interface AttestOptions {
  readonly digest: ImageDigest
  /** The bytes that are signed; they name the digest. */
  readonly payload: Uint8Array
  readonly key: SigningKey
  readonly enough: Enough
}

/** EXISTED: nothing was written, or the very same bytes were there before. */
export interface Attested {
  readonly digest: ImageDigest
  readonly outcome: 'CREATED' | 'EXISTED'
  readonly occurrence: string
  readonly publicKeyId: string
  /** Earlier attestations of this key that were deleted. */
  readonly replaced: readonly string[]
}

/**
 * Attests an image. Idempotent by note, digest, key and payload. Nothing is deleted before its successor is stored and has been read
 * back and verified: a signer that fails half-way leaves the image as well attested as it was (§8.1: the original deletes first).
 */
export async function attestImage(attestations: Attestations, options: AttestOptions): Promise<Attested> {
  const earlier = await attestations.list()
  const { digest, key } = options
  const { publicKeyId } = key.signer
  const enough = earlier.find((one) => isEnough(one, options))
  if (enough !== undefined) return { digest, outcome: 'EXISTED', occurrence: enough.occurrence, publicKeyId, replaced: [] }
  const draft = await sign(options)
  if ((await attestations.findNote()) === 'ABSENT') await attestations.createNote()
  const stored = await store(attestations, draft, options)
  const replaced = options.enough === 'NONE' ? earlier.filter((one) => one.occurrence !== stored.occurrence && isOnlyOf(one, publicKeyId)) : []
  for (const one of replaced) await attestations.delete(one.occurrence)
  return { digest, ...stored, publicKeyId, replaced: replaced.map(({ occurrence }) => occurrence) }
}

function isEnough(attestation: UnverifiedAttestation, options: AttestOptions): boolean {
  if (options.enough === 'NONE') return false
  if (options.enough === 'ANY_SIGNATURE') return attestation.signatures.length > 0
  return areEqual(attestation.serializedPayload, options.payload) && holds(attestation, options)
}

async function sign({ key: { signer }, payload }: AttestOptions): Promise<AttestationDraft> {
  return { serializedPayload: payload, signatures: [{ publicKeyId: signer.publicKeyId, signature: await signer.sign(payload) }] }
}

/** Stores the draft and judges what came to lie in the store, as a gate will. A twin that was there before counts like it. */
async function store(attestations: Attestations, draft: AttestationDraft, options: AttestOptions): Promise<Pick<Attested, 'outcome' | 'occurrence'>> {
  const occurrence = await createOnce(attestations, draft)
  const stored = occurrence === undefined ? await findTwin(attestations, draft) : await attestations.get(occurrence)
  const fault = findFault(stored, options)
  if (fault === undefined) return { outcome: occurrence === undefined ? 'EXISTED' : 'CREATED', occurrence: stored.occurrence }
  throw new StatusError('DATA_LOSS', `Attestation ${stored.occurrence} was stored, but does not verify: ${fault}`)
}

/** Undefined where the same bytes are stored already. */
async function createOnce(attestations: Attestations, draft: AttestationDraft): Promise<string | undefined> {
  try {
    return await attestations.create(draft)
  } catch (error) {
    if (error instanceof StatusError && error.code === 'ALREADY_EXISTS') return undefined
    throw error
  }
}

async function findTwin(attestations: Attestations, draft: AttestationDraft): Promise<UnverifiedAttestation> {
  const twin = (await attestations.list()).find(
    (one) =>
      areEqual(one.serializedPayload, draft.serializedPayload) &&
      draft.signatures.every(({ publicKeyId, signature }) =>
        one.signatures.some((other) => other.publicKeyId === publicKeyId && areEqual(other.signature, signature)),
      ),
  )
  if (twin !== undefined) return twin
  throw new StatusError('ABORTED', 'The store has this attestation already, but does not list it: it may just have been deleted; try again')
}

function holds(attestation: UnverifiedAttestation, options: AttestOptions): boolean {
  return findFault(attestation, options) === undefined
}

/** Why no signature of the key holds, or undefined where one does. */
function findFault(attestation: UnverifiedAttestation, { key, digest }: AttestOptions): string | undefined {
  const results = checkAttestation(attestation, key.publicKeys, { digest })
  if (results.some((result) => result.outcome === 'VERIFIED' && result.publicKeyId === key.signer.publicKeyId)) return undefined
  const [first] = results.flatMap((result) => (result.outcome === 'REJECTED' ? [result.detail ?? result.cause] : []))
  return first ?? 'no signature of this key is on it'
}

function isOnlyOf({ signatures }: UnverifiedAttestation, publicKeyId: string): boolean {
  return signatures.length > 0 && signatures.every((signature) => signature.publicKeyId === publicKeyId)
}

function areEqual(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0
}
