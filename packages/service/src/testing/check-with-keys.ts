import { checkAttestation } from '@countersign/evidence/attestation/check-attestation.ts'
import { loadKeys } from '@countersign/evidence/attestation/loaded-keys.ts'
import type { AttestationChecker } from '../validation/ports.ts'

/** The checker of `evidence`, with keys loaded anew for each check. */
export const checkWithKeys: AttestationChecker = async (attestation, attestor, digest) =>
  checkAttestation(attestation, await loadKeys(attestor.publicKeys), digest === undefined ? {} : { digest })
