import type { Attestor } from '@countersign/core/attestation/attestor.ts'
import { type LoadedKeys, loadKeys } from '@countersign/evidence/attestation/loaded-keys.ts'

/** An attestor at one version; what was checked with other keys is never found under it. */
export interface VersionedAttestor {
  readonly attestor: Attestor
  /** Names uid and etag. */
  readonly version: string
  /** Its keys, loaded at first need and once. */
  readonly keys: () => Promise<LoadedKeys>
}

/** An attestor and its etag, made ready to check with. */
export function versionAttestor(attestor: Attestor, etag: string): VersionedAttestor {
  let loaded: Promise<LoadedKeys> | undefined
  const keys = () => {
    loaded ??= loadKeys(attestor.publicKeys)
    return loaded
  }
  return { attestor, version: `${attestor.uid} ${etag}`, keys }
}
