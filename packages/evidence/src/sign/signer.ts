/** Signs payloads as an attestor: with a key at hand, or with one that a KMS keeps. */
export interface Signer {
  /** The id that its attestor knows the key by; it goes into the attestation beside the signature. */
  readonly publicKeyId: string
  /** The bytes for `signatures[].signature`. Throws a StatusError where the key cannot sign now. */
  sign(payload: Uint8Array): Promise<Uint8Array>
}
