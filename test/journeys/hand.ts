/** What an attestation needs. */
export interface Signed {
  readonly artifactUrl: string
  /** Files that hold the exact bytes. */
  readonly payloadFile: string
  readonly signatureFile: string
  readonly fingerprint: string
}

/** A way to drive the server: the original's own tool, or nothing but curl. The story is the same. */
export interface Hand {
  importPolicy(yaml: string): Promise<void>
  exportPolicy(): Promise<string>
  createNote(id: string): Promise<void>
  createAttestor(id: string, noteId: string): Promise<void>
  addPgpKey(attestor: string, keyFile: string): Promise<void>
  /** What a person sees when listing attestors. */
  listAttestors(): Promise<string>
  writePayload(artifactUrl: string, file: string): Promise<void>
  createAttestation(attestor: string, signed: Signed): Promise<void>
  listAttestations(attestor: string): Promise<string>
  deleteAttestor(attestor: string): Promise<void>
}
