import type { HttpSend } from '../http-send.ts'
import type { AttestorPublicKey } from '@countersign/core/attestation/attestor.ts'
import type { Instant } from '@countersign/core/instant.ts'
import type { DeclaredAlgorithm } from '@countersign/evidence/key/algorithm.ts'
import type { Signer } from '@countersign/evidence/sign/signer.ts'

/** A key that is ready to sign, and its public half as an attestor keeps it: id, algorithm and PEM, or a PGP block. */
export interface OpenedKey {
  readonly signer: Signer
  readonly publicKey: AttestorPublicKey
}

/** What is said of a key besides its name. */
export interface KeyOptions {
  /** How it should sign, where its keeper leaves a choice; elsewhere it must be what the keeper says. */
  readonly algorithm?: DeclaredAlgorithm
  /** Of a key file, or the PIN of a token. */
  readonly passphrase?: string
  /** Id on the attestor in place of the default one (binary-authorization.md §2.3). */
  readonly publicKeyId?: string
}

/** What keys touch of the world. */
export interface KeySurroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly send: HttpSend
  readonly readFile: (path: string) => Promise<Uint8Array>
  readonly runProgram: KeyProgram
  /** Asks a person for a secret; undefined where nobody is there. */
  readonly askSecret: (question: string) => Promise<string | undefined>
  readonly now: () => Instant
}

export type KeyProgram = (
  name: string,
  args: readonly string[],
  input: Uint8Array,
) => Promise<{ readonly code: number; readonly stdout: Uint8Array; readonly stderr: string }>
