import { isImageDigest, parseImageDigest } from '../image/reference.ts'
import type { ImageDigest } from '../image/reference.ts'
import type { Instant } from '../instant.ts'
import { parseTimestamp } from '../timestamp.ts'
import type { Parsed } from '../parsed.ts'
import { quote } from '../quote.ts'
import { describe, readFields, readText } from '../reading/fields.ts'
import type { Fields } from '../reading/fields.ts'
import { IssueList } from '../reading/issue-list.ts'
import { matchesPattern, parsePattern } from './pattern.ts'

/**
 * A time-boxed exemption: the way to run a trial image without opening the gate. It lives beside the original's patterns
 * and always ends. `pattern` uses the same language as an admission whitelist pattern, a digest is written `sha256:…`
 * and matches in any repository.
 */
export interface Exemption {
  readonly id: string
  readonly subject: { readonly pattern: string } | { readonly digest: string }
  /** Only in this Kubernetes namespace; absent: in all. */
  readonly namespace?: string
  readonly owner: string
  readonly reason: string
  readonly expiresAt: Instant
}

/** What an image is exempted by: its text as written, its digest if it names one, where it would run, and the moment. */
export interface ExemptionQuery {
  readonly imageText: string
  readonly digest: ImageDigest | undefined
  readonly namespace: string
  readonly now: Instant
}

/** A trial that outlives a quarter is no trial. */
export const MAX_EXEMPTION_LIFETIME_MS = 90 * 24 * 60 * 60 * 1000
const MAX_PATTERN_LENGTH = 1_024
const MAX_OWNER_LENGTH = 256
const MAX_REASON_LENGTH = 1_024
const NAMESPACE = /^[a-z0-9.-]{1,253}$/
const FIELDS = ['pattern', 'digest', 'namespace', 'owner', 'reason', 'expireTime'] as const
type ExemptionFields = Fields<(typeof FIELDS)[number]>

/**
 * Parses `{pattern | digest, namespace?, owner, reason, expireTime}` and gives every issue at once. The end must lie after
 * `now` and at most 90 days from it.
 */
export function parseExemption(tree: unknown, now: Instant): Parsed<Omit<Exemption, 'id'>> {
  const issues = new IssueList()
  const fields: ExemptionFields | undefined = readFields(tree, FIELDS, [], issues)
  if (fields === undefined) return { ok: false, issues: issues.all }
  const subject = readSubject(fields, issues)
  const namespace = readNamespace(fields.namespace, issues)
  const owner = readRequired(fields, 'owner', MAX_OWNER_LENGTH, issues)
  const reason = readRequired(fields, 'reason', MAX_REASON_LENGTH, issues)
  const expiresAt = readExpiry(fields.expireTime, now, issues)
  if (subject === undefined || owner === undefined || reason === undefined || expiresAt === undefined || issues.all.length > 0) {
    return { ok: false, issues: issues.all }
  }
  return { ok: true, value: { subject, ...(namespace === undefined ? {} : { namespace }), owner, reason, expiresAt } }
}

/** Finds the exemption that lets an image in now: of several the one that ends last, so that a renewal counts at once. */
export function findExemption(exemptions: readonly Exemption[], query: ExemptionQuery): Exemption | undefined {
  let found: Exemption | undefined
  for (const exemption of exemptions) {
    if (found !== undefined && !isPreferred(exemption, found)) continue
    if (isInForce(exemption, query) && matchesSubject(exemption.subject, query)) found = exemption
  }
  return found
}

function isPreferred(one: Exemption, other: Exemption): boolean {
  return one.expiresAt === other.expiresAt ? one.id < other.id : one.expiresAt > other.expiresAt
}

function isInForce(exemption: Exemption, { namespace, now }: ExemptionQuery): boolean {
  return now < exemption.expiresAt && (exemption.namespace === undefined || exemption.namespace === namespace)
}

/** Whether an image is of those that a subject names. */
export function matchesSubject(subject: Exemption['subject'], { imageText, digest }: Pick<ExemptionQuery, 'imageText' | 'digest'>): boolean {
  if ('digest' in subject) return isImageDigest(subject.digest) && subject.digest === digest
  const parsed = parsePattern(subject.pattern)
  return parsed.ok && matchesPattern(parsed.value, imageText)
}

function readSubject(fields: ExemptionFields, issues: IssueList): Exemption['subject'] | undefined {
  const pattern = readText(fields.pattern, MAX_PATTERN_LENGTH, ['pattern'], issues)
  const digest = readText(fields.digest, MAX_PATTERN_LENGTH, ['digest'], issues)
  if (fields.pattern === undefined && fields.digest === undefined) issues.add([], 'An exemption needs a pattern or a digest: write one of the two')
  if (fields.pattern !== undefined && fields.digest !== undefined)
    issues.add(['digest'], 'An exemption has a pattern or a digest, not both: remove one')
  if (pattern !== undefined) return accept(parsePattern(pattern), 'pattern', issues) && { pattern }
  return digest === undefined ? undefined : accept(parseImageDigest(digest), 'digest', issues) && { digest }
}

function accept<T>(parsed: Parsed<T>, field: string, issues: IssueList): T | undefined {
  if (parsed.ok) return parsed.value
  for (const { message } of parsed.issues) issues.add([field], message)
  return undefined
}

function readNamespace(value: unknown, issues: IssueList): string | undefined {
  const namespace = readText(value, 253, ['namespace'], issues)
  if (namespace === undefined || namespace === '') return undefined
  if (!NAMESPACE.test(namespace))
    issues.add(['namespace'], `Namespace ${quote(namespace)} is not valid: expected lower-case letters, digits, . and -`)
  return namespace
}

function readRequired(fields: ExemptionFields, name: 'owner' | 'reason', maxLength: number, issues: IssueList): string | undefined {
  const text = readText(fields[name], maxLength, [name], issues)
  if (fields[name] === undefined || text?.trim() === '')
    issues.add([name], `Field is required: write ${name === 'owner' ? 'who answers for it' : 'why it is needed'}`)
  return text
}

function readExpiry(value: unknown, now: Instant, issues: IssueList): Instant | undefined {
  const expiresAt = typeof value === 'string' ? parseTimestamp(value) : undefined
  if (value === undefined) issues.add(['expireTime'], 'Field is required: write when the exemption ends, such as 2026-01-31T12:00:00Z')
  else if (expiresAt === undefined) issues.add(['expireTime'], `Expected an RFC 3339 time such as 2026-01-31T12:00:00Z, found ${describe(value)}`)
  else if (expiresAt <= now) issues.add(['expireTime'], 'An exemption must end in the future')
  else if (expiresAt - now > MAX_EXEMPTION_LIFETIME_MS)
    issues.add(['expireTime'], 'An exemption ends after at most 90 days: choose an earlier time and renew it')
  return expiresAt
}
