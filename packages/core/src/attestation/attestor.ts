import type { AttestorName, NoteName } from '../name/resource-name.ts'
import type { SignatureAlgorithm } from './algorithm.ts'

/** A public key of an attestor as stored. The key decides type and algorithm, never the attestation. */
export type AttestorPublicKey = PgpAttestorKey | PkixAttestorKey

export interface PgpAttestorKey {
  readonly type: 'PGP'
  /** V4 fingerprint of the first primary key in the block: 40 upper-case hexadecimal digits. */
  readonly id: string
  readonly comment?: string
  readonly asciiArmored: string
}

export interface PkixAttestorKey {
  readonly type: 'PKIX'
  /** As given (any StringOrURI), else `ni:///sha-256;` and the digest of the DER encoding. */
  readonly id: string
  readonly comment?: string
  readonly publicKeyPem: string
  readonly signatureAlgorithm: SignatureAlgorithm
}

/**
 * An attestor: who may say yes, with which keys. Name and uid together identify it: one deleted and created again under
 * the same name has another uid and inherits nothing. The same holds for the note it names.
 */
export interface Attestor {
  readonly name: AttestorName
  readonly uid: string
  readonly description?: string
  readonly note: NoteName
  readonly noteUid: string
  readonly publicKeys: readonly AttestorPublicKey[]
}
