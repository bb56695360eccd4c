import { hash } from 'node:crypto'

/** The default id of a PKIX key (RFC 6920): `ni:///sha-256;` and the unpadded base64url SHA-256 of its DER SubjectPublicKeyInfo. */
export function pkixKeyId(der: Uint8Array): string {
  return `ni:///sha-256;${hash('sha256', der, 'base64url')}`
}

const MAX_LENGTH = 2048
// RFC 3986: a scheme, then only characters that a URI can have, `%` only before two hexadecimal digits.
const ABSOLUTE_URI = /^[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+$/
const NETWORK_PATH = /^\/\/[A-Za-z0-9](?:[A-Za-z0-9._~:/?#[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+$/
const PLAIN = /^[^:\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+$/u

/**
 * Whether a text may be the explicit id of a PKIX key: a StringOrURI, that is a text without `:`, or a URI; also the network path
 * that gcloud gives to KMS keys (`//cloudkms.googleapis.com/v1/…`). An explicit `ni:` id is not compared with the key: the
 * original does not either (binary-authorization.md §2.3).
 */
export function isKeyId(text: string): boolean {
  if (text.length === 0 || text.length > MAX_LENGTH) return false
  return ABSOLUTE_URI.test(text) || NETWORK_PATH.test(text) || (PLAIN.test(text) && text.trim() === text)
}
