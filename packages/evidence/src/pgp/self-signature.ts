import type { KeyRevocation } from '@countersign/core/attestation/attestation.ts'
import type { Instant } from '@countersign/core/instant.ts'
import type { PublicKeyPacket, PublicSubkeyPacket, SignaturePacket } from 'openpgp'

/** What self-signatures say of a key, once they are known to hold: until when, for what, and whether it was revoked. */
export type KeyPacket = PublicKeyPacket | PublicSubkeyPacket

/** RFC 9580 §5.2.3.31: superseded, retired, user id no longer valid. Every other reason, and none, is hard (DESIGN §5). */
const SOFT_REASONS = [1, 3, 32]
const FLAG_SIGN = 0x02

/** The newest of some self-signatures; of equally new ones the one with the earlier expiry. Undefined where there is none. */
export function newestOf(signatures: readonly SignaturePacket[], key: KeyPacket): SignaturePacket | undefined {
  const strictness = (signature: SignaturePacket): number => expiryOf(key, signature) ?? Number.POSITIVE_INFINITY
  return [...signatures].sort((a, b) => createdAt(b) - createdAt(a) || (strictness(a) < strictness(b) ? -1 : 1))[0]
}

/** The key's expiry by this self-signature, or the self-signature's own where that comes first. */
export function expiryOf(key: KeyPacket, signature: SignaturePacket): Instant | undefined {
  const seconds = signature.keyExpirationTime ?? 0
  const ofKey = seconds === 0 ? undefined : createdAt(key) + seconds * 1000
  const ofSignature = signature.getExpirationTime()
  return earliest(ofKey, typeof ofSignature === 'number' ? undefined : ofSignature.getTime())
}

/** Whether a self-signature lets its key sign. Old primary keys carry no flags and may sign; a subkey without flags is for something else. */
export function mayKeySign(signature: SignaturePacket, unflagged: 'UNFLAGGED_MAY_SIGN' | 'UNFLAGGED_MAY_NOT_SIGN'): boolean {
  const flags = signature.keyFlags
  return flags === null ? unflagged === 'UNFLAGGED_MAY_SIGN' : ((flags[0] ?? 0) & FLAG_SIGN) !== 0
}

/** What a revocation that holds means. */
export function toRevocation(signature: SignaturePacket): KeyRevocation {
  const soft = SOFT_REASONS.includes(signature.reasonForRevocationFlag ?? -1)
  return { kind: soft ? 'SOFT' : 'HARD', at: createdAt(signature) }
}

/** A hard revocation outweighs every soft one; of equals the earlier. */
export function worstOf(revocations: readonly (KeyRevocation | undefined)[]): KeyRevocation | undefined {
  const known = revocations.filter((revocation) => revocation !== undefined)
  return known.sort((a, b) => (a.kind === b.kind ? a.at - b.at : a.kind === 'HARD' ? -1 : 1))[0]
}

/** When a key or signature says that it was made. */
export function createdAt(dated: { readonly created: Date | null }): Instant {
  return dated.created?.getTime() ?? 0
}

/** The earlier of two moments, where undefined is never. */
export function earliest(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  return a === undefined ? b : b === undefined ? a : Math.min(a, b)
}
