import type { UnverifiedAttestation } from '@countersign/core/attestation/attestation.ts'
import type { Instant } from '@countersign/core/instant.ts'
import type { Discovery } from '@countersign/core/vulnerability/discovery.ts'
import type { Finding } from '@countersign/core/vulnerability/finding.ts'
import type { LoadedKeys } from '@countersign/evidence/attestation/loaded-keys.ts'
import type { Signer } from '@countersign/evidence/sign/signer.ts'

/** What scanners have written of one image. Bound to the image by whoever makes it. */
export interface Scans {
  /** In the store's order. Throws a StatusError where the store does not answer. */
  listDiscoveries(): Promise<readonly Discovery[]>
  listFindings(): Promise<readonly Finding[]>
  /** Follows the store's change feed from now on; absent, or throwing a StatusError, where there is none to follow. */
  follow?(): Promise<News>
}

/** What is new about one image. */
export interface News {
  /** Resolves when something about the image was written since it was followed or last asked, else after this many milliseconds. */
  next(ms: number): Promise<void>
}

/** An attestation before the store has named it. */
export type AttestationDraft = Pick<UnverifiedAttestation, 'serializedPayload' | 'signatures'>

/** The attestations of one image under one note. Bound to both, and to the project that they are stored in, by whoever makes it. */
export interface Attestations {
  /** Throws FAILED_PRECONDITION where the note is there and no attestation can hang on it. */
  findNote(): Promise<'PRESENT' | 'ABSENT'>
  /** A note that is there already is no error. */
  createNote(): Promise<void>
  /** Of the image's digest, whoever made them; empty where the note is absent. */
  list(): Promise<readonly UnverifiedAttestation[]>
  /** Gives the occurrence's name. Throws ALREADY_EXISTS where the same bytes are stored already. */
  create(draft: AttestationDraft): Promise<string>
  get(occurrence: string): Promise<UnverifiedAttestation>
  /** One that is gone already is no error. */
  delete(occurrence: string): Promise<void>
}

/** A key that signs, and the public half by which its signatures are judged as a gate judges them. */
export interface SigningKey {
  readonly signer: Signer
  readonly publicKeys: LoadedKeys
}

/** Time as waiting needs it. */
export interface Clock {
  now(): Instant
  /** Resolves after this many milliseconds; rejects with the signal's reason where it is aborted before. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** From 0 to below 1. */
  random(): number
}
