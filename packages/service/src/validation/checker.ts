import { checkAttestation } from '@countersign/evidence/attestation/check-attestation.ts'
import { loadKeys } from '@countersign/evidence/attestation/loaded-keys.ts'
import type { AttestationChecker } from './ports.ts'

/** The checker of `evidence`, with keys loaded for each check: validation is asked by people, not by clusters. */
export const checkWithKeys: AttestationChecker = async (attestation, attestor, digest) =>
  await checkAttestation(attestation, await loadKeys(attestor.publicKeys), digest === undefined ? {} : { digest })
