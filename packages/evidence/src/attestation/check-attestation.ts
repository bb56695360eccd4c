import type { CheckedAttestation, RejectionCause, UnverifiedAttestation, UnverifiedSignature } from '@countersign/core/attestation/attestation.ts'
import type { ImageDigest } from '@countersign/core/image/reference.ts'
import { digestOfResourceUri } from '@countersign/core/image/resource-uri.ts'
import { quote } from '@countersign/core/quote.ts'
import type { SignatureVerdict } from '../verdict.ts'
import { reject } from '../verdict.ts'
import { checkSignature } from './check-signature.ts'
import { factKey } from './fact-key.ts'
import type { LoadedKey, LoadedKeys } from './loaded-keys.ts'

/** Signatures of one attestation above this are not looked at. */
export const MAX_SIGNATURES = 16

/** Remembers verdicts under their exact inputs. The caller bounds it. */
export interface VerdictCache {
  get(key: string): SignatureVerdict | undefined
  set(key: string, verdict: SignatureVerdict): void
}

/** What to judge besides the attestation itself. */
export interface CheckOptions {
  /** The digest that was asked about; by default the one that the attestation's resource URI ends with. */
  readonly digest?: ImageDigest
  readonly cache?: VerdictCache
}

/**
 * Checks an attestation against an attestor's keys: one result for each signature, in order, and at least one result. A signature names its key by exact id;
 * the key decides type and algorithm. It is VERIFIED where it holds over a payload that names the asked digest; every other has its own cause.
 * Never throws.
 */
export function checkAttestation(attestation: UnverifiedAttestation, keys: LoadedKeys, options: CheckOptions = {}): readonly CheckedAttestation[] {
  const unsigned = rejectUnsigned(attestation)
  if (unsigned !== undefined) return [unsigned]
  return attestation.signatures.map((signature) => checkOne(attestation, signature, keys, options))
}

function rejectUnsigned(attestation: UnverifiedAttestation): CheckedAttestation | undefined {
  const count = attestation.signatures.length
  if (count > MAX_SIGNATURES) return rejected(attestation, 'TOO_LARGE', `The attestation has ${count} signatures, expected at most ${MAX_SIGNATURES}`)
  if (count > 0) return undefined
  if (attestation.jwts.length > 0)
    return rejected(attestation, 'UNSUPPORTED_FORMAT', 'The attestation carries only JWTs, which are not supported: sign the payload instead')
  return rejected(attestation, 'NO_SIGNATURE', 'The attestation has no signature')
}

function checkOne(attestation: UnverifiedAttestation, signature: UnverifiedSignature, keys: LoadedKeys, options: CheckOptions): CheckedAttestation {
  const id = signature.publicKeyId
  const candidates = keys.get(id) ?? []
  if (candidates.length === 0) return rejected(attestation, 'UNKNOWN_KEY', `No public key with ID ${quote(id)} found`, id)
  const verdicts = candidates.map((key) => recall(attestation.serializedPayload, signature.signature, key, options.cache))
  return conclude(attestation, id, verdicts, options)
}

function recall(payload: Uint8Array, signature: Uint8Array, key: LoadedKey, cache?: VerdictCache): SignatureVerdict {
  if (cache === undefined || key.kind === 'UNUSABLE') return checkSignature(payload, signature, key)
  const name = factKey(payload, signature, key)
  const known = cache.get(name)
  if (known !== undefined) return known
  const verdict = checkSignature(payload, signature, key)
  cache.set(name, verdict)
  return verdict
}

/** Of several keys under one id the first that verifies counts. */
function conclude(attestation: UnverifiedAttestation, id: string, verdicts: readonly SignatureVerdict[], options: CheckOptions): CheckedAttestation {
  const verdict = verdicts.find((candidate) => candidate.ok) ?? verdicts[0] ?? reject('UNKNOWN_KEY', 'No public key found')
  if (!verdict.ok) return rejected(attestation, verdict.cause, verdict.detail, id)
  const asked = options.digest ?? digestOfResourceUri(attestation.resourceUri)
  const { occurrence, receivedAt } = attestation
  if (verdict.fact.digest === asked) return { outcome: 'VERIFIED', occurrence, publicKeyId: id, receivedAt, fact: verdict.fact }
  const expected = asked ?? `the one of ${quote(attestation.resourceUri)}, which has none`
  return rejected(attestation, 'OTHER_DIGEST', `The payload names ${verdict.fact.digest}, expected ${expected}`, id)
}

function rejected(attestation: UnverifiedAttestation, cause: RejectionCause, detail: string, publicKeyId?: string): CheckedAttestation {
  const { occurrence, receivedAt } = attestation
  return { outcome: 'REJECTED', occurrence, receivedAt, cause, detail, ...(publicKeyId !== undefined && { publicKeyId }) }
}
