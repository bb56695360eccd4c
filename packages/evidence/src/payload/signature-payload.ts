import type { JsonFault, JsonValue } from '@countersign/core/reading/json-text.ts'
import type { RejectionCause } from '@countersign/core/attestation/attestation.ts'
import { type ImageDigest, isImageDigest } from '@countersign/core/image/reference.ts'
import type { Instant } from '@countersign/core/instant.ts'
import { describe } from '@countersign/core/reading/fields.ts'
import { parseTimestamp } from '@countersign/core/timestamp.ts'
import { parseStrictJson } from './strict-json.ts'

/** Payloads above this are refused unread: the longest honest one has a few hundred bytes. */
export const MAX_PAYLOAD_BYTES = 65_536

/** What a payload says of an image. */
export interface SignaturePayloadInput {
  /** Registry and repository, without tag and digest: `registry.example.com/team/app`. */
  readonly repository: string
  readonly digest: ImageDigest
  /** Simple signing's `optional` member: `expiry` (RFC 3339) ends the attestation; it is signed like all the rest. */
  readonly optional?: Readonly<Record<string, string>>
}

/** What was read from a payload whose signature holds. */
export type ParsedPayload =
  | { readonly ok: true; readonly digest: ImageDigest; readonly repository?: string; readonly type?: string; readonly expiresAt?: Instant }
  | { readonly ok: false; readonly cause: RejectionCause; readonly detail: string }

/**
 * Formats the bytes that an attestor signs, exactly as `gcloud container binauthz create-signature-payload` prints them:
 * keys sorted, two spaces of indent, everything outside printable ASCII escaped, one line feed at the end
 * (binary-authorization.md §3.1).
 */
export function formatSignaturePayload(input: SignaturePayloadInput): Uint8Array {
  const critical = {
    identity: { 'docker-reference': input.repository },
    image: { 'docker-manifest-digest': input.digest },
    type: 'Google cloud binauthz container signature',
  }
  const optional = input.optional ?? {}
  const sorted = Object.fromEntries(Object.entries(optional).sort(([a], [b]) => (a < b ? -1 : 1)))
  const payload = Object.keys(optional).length === 0 ? { critical } : { critical, optional: sorted }
  return new TextEncoder().encode(`${escapeNonAscii(JSON.stringify(payload, null, 2))}\n`)
}

/**
 * Reads a payload of simple signing. Call it only with bytes whose signature holds. Whitespace, key order, `type` and
 * unknown members are free, `docker-reference` is told but not judged (binary-authorization.md §3.2): the digest decides.
 */
export function parseSignaturePayload(bytes: Uint8Array): ParsedPayload {
  if (bytes.length > MAX_PAYLOAD_BYTES) return refuse('TOO_LARGE', `The payload has ${bytes.length} bytes, expected at most ${MAX_PAYLOAD_BYTES}`)
  const json = parseStrictJson(bytes)
  if (!json.ok) return refuse('PAYLOAD_NOT_JSON', explainFault(json.fault))
  const critical = memberOf(json.value, 'critical')
  const digest = memberOf(memberOf(critical, 'image'), 'docker-manifest-digest')
  if (typeof digest !== 'string' || !isImageDigest(digest)) return refuse('PAYLOAD_MALFORMED', explainDigest(digest))
  const expiry = memberOf(memberOf(json.value, 'optional'), 'expiry')
  const expiresAt = typeof expiry === 'string' ? parseTimestamp(expiry) : undefined
  // Whoever wrote an expiry wanted one: one that we cannot read must not become "never".
  if (expiry !== undefined && expiresAt === undefined) {
    return refuse('PAYLOAD_MALFORMED', `The payload's optional.expiry is ${describe(expiry)}, expected a time such as "2030-01-31T12:00:00Z"`)
  }
  const repository = memberOf(memberOf(critical, 'identity'), 'docker-reference')
  const type = memberOf(critical, 'type')
  return {
    ok: true,
    digest,
    ...(typeof repository === 'string' && { repository }),
    ...(typeof type === 'string' && { type }),
    ...(expiresAt !== undefined && { expiresAt }),
  }
}

/** DEL is escaped too: Python's encoder, which wrote the original, keeps only the space to the tilde. */
function escapeNonAscii(json: string): string {
  return json.replace(/[^\n -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** The original's text for a payload that is not JSON (binary-authorization.md §3.2), the fault's own words in its last line. */
function explainFault(fault: JsonFault): string {
  return `Signature verified, but unexpected message was signed: * Line ${fault.line}, Column ${fault.column}\n  Syntax error: ${fault.message}.\n\n`
}

function explainDigest(digest: JsonValue | undefined): string {
  const found = digest === undefined ? 'absent' : describe(digest)
  return `The payload's critical.image.docker-manifest-digest is ${found}, expected "sha256:" and 64 lower-case hexadecimal digits`
}

function memberOf(value: JsonValue | undefined, key: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.hasOwn(value, key) ? (value as { readonly [key: string]: JsonValue })[key] : undefined
}

function refuse(cause: RejectionCause, detail: string): ParsedPayload {
  return { ok: false, cause, detail }
}
