import type { KeyRevocation } from '@countersign/core/attestation/attestation.ts'
import type { Instant } from '@countersign/core/instant.ts'
import type { Key, PublicKeyPacket, PublicSubkeyPacket, SignaturePacket, UserAttributePacket, UserIDPacket } from 'openpgp'
import { type Component, collectComponents, type Subject } from './components.ts'
import type { OpenPgp } from './library.ts'
import type { VerifyingKey } from './public-key.ts'
import { readVerifyingKey } from './public-key.ts'
import { createdAt, earliest, expiryOf, type KeyPacket, mayKeySign, newestOf, toRevocation, worstOf } from './self-signature.ts'
import { findSignatureFault, takeApart } from './signature-packet.ts'

/**
 * A key that may sign, and when. The windows are those of the newest self-signatures. Nothing here looks at a clock: whether a
 * signature counts at some moment is the law's to say.
 */
export interface SigningKey {
  readonly key: VerifyingKey
  /** 40 upper-case hexadecimal digits. */
  readonly fingerprint: string
  /** The last 16 digits: how signatures name their key. */
  readonly keyId: string
  readonly notBefore: Instant
  /** First moment at which it is no longer valid. */
  readonly notAfter?: Instant
  readonly revocation?: KeyRevocation
}

/** One primary key with what it says of itself. */
export interface Certificate {
  readonly fingerprint: string
  readonly userIds: readonly string[]
  /** `RSA 3072`, `EC nistP256` … */
  readonly algorithm: string
  readonly createdAt: Instant
  readonly expiresAt?: Instant
  readonly revocation?: KeyRevocation
  readonly signingKeys: readonly SigningKey[]
  /** Why some key of it cannot be used, one sentence each. */
  readonly problems: readonly string[]
  /** What is usable but should be replaced, one sentence each. */
  readonly weaknesses: readonly string[]
}

/** RFC 9580 §5.2.1 and §5.2.3.31; the numbers are the wire's. */
const DIRECT_KEY = 0x1f
const CERTIFICATIONS = [0x10, 0x11, 0x12, 0x13]
const SUBKEY_BINDING = 0x18
const PRIMARY_KEY_BINDING = 0x19
const KEY_REVOCATION = 0x20
const SUBKEY_REVOCATION = 0x28
const CERTIFICATION_REVOCATION = 0x30
const REVOCATIONS = [KEY_REVOCATION, SUBKEY_REVOCATION, CERTIFICATION_REVOCATION]
const SHA1 = 2
const SHA1_WEAKNESS = 'The key describes itself with SHA-1; renew it, for example with gpg --quick-set-expire'
const MIN_RSA_BITS = 2048
const MAX_SIGNATURES = 512

/**
 * Reads a certificate: verifies each self-signature and each revocation by the primary key, and keeps only what they prove. Third
 * parties' certifications say nothing here. Revocations by designated revokers are not followed; a key that names one is told as weak.
 *
 * `copies` are all copies of one primary key in a block, at least one: a keyring may hold an older copy beside the revoked one, and what any copy
 * says must count.
 */
export function readCertificate(library: OpenPgp, copies: readonly [Key, ...Key[]]): Certificate {
  const primary = copies[0].keyPacket
  const components = collectComponents(library, copies)
  const base = {
    fingerprint: primary.getFingerprint().toUpperCase(),
    userIds: components.flatMap(({ user }) => (user instanceof library.UserIDPacket ? [user.userID] : [])),
    algorithm: describeAlgorithm(primary),
    createdAt: primary.created.getTime(),
  }
  const refused = primary.version === 4 ? undefined : `The key is a version ${primary.version} key, expected version 4`
  const tooMany = components.reduce((sum, component) => sum + component.signatures.length, 0) > MAX_SIGNATURES
  if (refused !== undefined || tooMany) {
    return { ...base, signingKeys: [], weaknesses: [], problems: [refused ?? `The key carries more than ${MAX_SIGNATURES} signatures`] }
  }
  return { ...base, ...new CertificateReader(primary as PublicKeyPacket, components).read() }
}

class CertificateReader {
  readonly #primary: PublicKeyPacket
  readonly #components: readonly Component[]
  readonly #problems: string[] = []
  readonly #weaknesses: string[] = []

  constructor(primary: PublicKeyPacket, components: readonly Component[]) {
    this.#primary = primary
    this.#components = components
  }

  read(): Pick<Certificate, 'signingKeys' | 'problems' | 'weaknesses' | 'expiresAt' | 'revocation'> {
    const own = this.#readPrimary()
    if (own === undefined) return { signingKeys: [], problems: this.#problems, weaknesses: this.#weaknesses }
    const signingKeys: SigningKey[] = []
    if (own.maySign) signingKeys.push(...this.#describeStrong(this.#primary, own))
    for (const component of this.#components) {
      if (component.subkey === undefined) continue
      signingKeys.push(...this.#readSubkey(component, component.subkey, own))
    }
    if (signingKeys.length === 0 && this.#problems.length === 0) this.#problems.push('The key and its subkeys may not sign')
    return {
      signingKeys,
      problems: this.#problems,
      weaknesses: this.#weaknesses,
      ...present({ expiresAt: own.notAfter, revocation: own.revocation }),
    }
  }

  /**
   * The newest self-signature, direct or over a user id that still stands, decides expiry and flags; of equal ones the stricter expiry. Where no user id
   * stands, its revocation voids the key as one of the key would, and what the newest lost one said of expiry and flags still holds.
   */
  #readPrimary(): (Window & { readonly maySign: boolean }) | undefined {
    const selfSignatures: SignaturePacket[] = []
    const revocations: SignaturePacket[] = []
    const lost: SignaturePacket[] = []
    const lostUsers: SignaturePacket[] = []
    for (const component of this.#components) {
      if (component.subkey !== undefined) continue
      const valid = this.#verifyAll(component)
      revocations.push(...valid.filter((signature) => signature.signatureType === KEY_REVOCATION))
      const standing = valid.filter((signature) => isCertification(signature, component))
      const revoked = valid.filter((signature) => component.user !== undefined && signature.signatureType === CERTIFICATION_REVOCATION)
      const isLost = revoked.some((revocation) => standing.every((signature) => createdAt(signature) <= createdAt(revocation)))
      if (isLost) lostUsers.push(...revoked)
      ;(isLost ? lost : selfSignatures).push(...standing)
    }
    const newest = newestOf(selfSignatures.length > 0 ? selfSignatures : lost, this.#primary)
    if (newest === undefined) {
      this.#problems.push('The key has no valid self-signature')
      return undefined
    }
    this.#noteHash(newest)
    const revocation = worstOf([...revocations, ...(selfSignatures.length > 0 ? [] : lostUsers)].map(toRevocation))
    return {
      notBefore: createdAt(this.#primary),
      maySign: mayKeySign(newest, 'UNFLAGGED_MAY_SIGN'),
      ...present({ notAfter: expiryOf(this.#primary, newest), revocation }),
    }
  }

  #readSubkey(component: Component, subkey: PublicSubkeyPacket, own: Window): readonly SigningKey[] {
    const valid = this.#verifyAll(component)
    const binding = newestOf(
      valid.filter((signature) => signature.signatureType === SUBKEY_BINDING),
      subkey,
    )
    if (binding === undefined || !mayKeySign(binding, 'UNFLAGGED_MAY_NOT_SIGN')) return []
    if (!this.#isBoundBack(subkey, binding)) {
      this.#problems.push(`Subkey ${fingerprintOf(subkey)} does not vouch for its primary key`)
      return []
    }
    this.#noteHash(binding)
    const revoked = valid.filter((signature) => signature.signatureType === SUBKEY_REVOCATION).map(toRevocation)
    return this.#describeStrong(subkey, {
      notBefore: Math.max(own.notBefore, createdAt(subkey)),
      ...present({ notAfter: earliest(own.notAfter, expiryOf(subkey, binding)), revocation: worstOf([own.revocation, ...revoked]) }),
    })
  }

  /** A signing subkey must sign its primary key back: else anyone could adopt a stranger's key and claim its signatures. */
  #isBoundBack(subkey: PublicSubkeyPacket, binding: SignaturePacket): boolean {
    const back = binding.embeddedSignature
    if (back === null || back.signatureType !== PRIMARY_KEY_BINDING) return false
    return holds(back, subkey, this.#subjectOf({ subkey }))
  }

  #verifyAll(component: Component): readonly SignaturePacket[] {
    const subject = this.#subjectOf(component)
    // Whatever a signature says of its issuer: a revocation without that note still revokes. Strangers' ones do not hold.
    const valid = component.signatures.filter((signature) => holds(signature, this.#primary, subject))
    if (valid.some((signature) => signature.revocationKeyClass !== null)) {
      this.#weaknesses.push('The key lets another key revoke it, which is not followed: to revoke it, replace it')
    }
    return valid
  }

  /** The bytes that a signature about a part of this key covers (RFC 9580 §5.2.4). */
  #subjectOf({ user, subkey }: Subject): Uint8Array {
    const primary = frameKey(this.#primary)
    if (subkey !== undefined) return Buffer.concat([primary, frameKey(subkey)])
    return user === undefined ? primary : Buffer.concat([primary, frameUser(user)])
  }

  #describeStrong(packet: KeyPacket, window: Window): readonly SigningKey[] {
    const fingerprint = fingerprintOf(packet)
    const key = readVerifyingKey(packet.write())
    const weakness = findWeakness(packet) ?? (key === undefined ? 'is of a kind that cannot verify signatures' : undefined)
    if (weakness !== undefined) this.#problems.push(`Key ${fingerprint} ${weakness}`)
    if (weakness !== undefined || key === undefined) return []
    const { notBefore, notAfter, revocation } = window
    return [{ key, fingerprint, keyId: fingerprint.slice(-16), notBefore, ...present({ notAfter, revocation }) }]
  }

  #noteHash(signature: SignaturePacket): void {
    if (signature.hashAlgorithm !== SHA1 || this.#weaknesses.includes(SHA1_WEAKNESS)) return
    this.#weaknesses.push(SHA1_WEAKNESS)
  }
}

type Window = Pick<SigningKey, 'notBefore' | 'notAfter' | 'revocation'>

function holds(signature: SignaturePacket, by: KeyPacket, subject: Uint8Array): boolean {
  const key = readVerifyingKey(by.write())
  const parts = takeApart(signature)
  if (key === undefined || parts === undefined || signature.created === null) return false
  const use = REVOCATIONS.includes(signature.signatureType ?? -1) ? 'REVOCATION' : 'SELF_SIGNATURE'
  return findSignatureFault(parts, key, subject, use) === undefined
}

function frameKey(key: KeyPacket): Uint8Array {
  const body = key.write()
  return Buffer.concat([Buffer.of(0x99, body.length >> 8, body.length & 0xff), body])
}

function frameUser(user: UserIDPacket | UserAttributePacket): Uint8Array {
  const body = user.write()
  const head = Buffer.alloc(5)
  head[0] = 'userID' in user ? 0xb4 : 0xd1
  head.writeUInt32BE(body.length, 1)
  return Buffer.concat([head, body])
}

function isCertification(signature: SignaturePacket, component: Component): boolean {
  if (component.user === undefined) return signature.signatureType === DIRECT_KEY
  return CERTIFICATIONS.includes(signature.signatureType ?? -1)
}

function findWeakness(key: KeyPacket): string | undefined {
  const { algorithm, bits, curve } = key.getAlgorithmInfo()
  if (algorithm === 'dsa' || algorithm === 'elgamal') return `uses ${algorithm}, which is too weak`
  if (bits !== undefined && bits < MIN_RSA_BITS) return `has ${bits} bits, expected at least ${MIN_RSA_BITS}`
  return curve === 'secp256k1' ? 'uses the curve secp256k1, which is not accepted' : undefined
}

function describeAlgorithm(key: KeyPacket | Key['keyPacket']): string {
  const { algorithm, bits, curve } = key.getAlgorithmInfo()
  if (bits !== undefined) return `${algorithm.startsWith('rsa') ? 'RSA' : algorithm} ${bits}`
  return curve === undefined ? algorithm : `EC ${curve}`
}

function fingerprintOf(key: KeyPacket): string {
  return key.getFingerprint().toUpperCase()
}

/** Leaves out what is undefined: an absent window is an absent field. */
function present<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
