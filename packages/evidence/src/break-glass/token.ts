import { type KeyObject, sign, verify } from 'node:crypto'
import type { BreakGlassClaims } from '@countersign/core/break-glass/grant.ts'
import { isJsonObject } from '@countersign/core/json-object.ts'
import { parseClusterKey, parseProjectId } from '@countersign/core/name/resource-name.ts'
import type { Exemption } from '@countersign/core/policy/exemption.ts'
import { formatCanonicalJson } from '../record/canonical-json.ts'

/*
 * `csbg1.CLAIMS.SIGNATURE`: the canonical JSON of the claims and an Ed25519 signature, both base64url without padding. What
 * is signed is the text before the last dot, version and all, so that a signature of another kind of thing is never one of these.
 * The bytes that were signed are verified first and parsed then.
 */

const VERSION = 'csbg1'
/** Names, a pattern and a signature fit several times. */
const MAX_LENGTH = 8_192
const FORM = /^csbg1\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{86})$/

const CLAIMS: ReadonlySet<string> = new Set<keyof BreakGlassClaims>([
  'id',
  'project',
  'cluster',
  'namespace',
  'subject',
  'workload',
  'notBefore',
  'expiresAt',
])

/** A token that was opened, or why it proves nothing. */
export type OpenedToken =
  | { readonly ok: true; readonly claims: BreakGlassClaims }
  | { readonly ok: false; readonly cause: 'TOKEN_MALFORMED' | 'TOKEN_FORGED' }

/** Seals claims with a project's private key. The same claims give the same token. */
export function sealBreakGlassToken(claims: BreakGlassClaims, privateKey: KeyObject): string {
  const signed = `${VERSION}.${Buffer.from(formatCanonicalJson(claims)).toString('base64url')}`
  return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString('base64url')}`
}

/** Opens a token: what it claims, if this key sealed it. */
export function openBreakGlassToken(text: string, publicKey: KeyObject): OpenedToken {
  const match = text.length > MAX_LENGTH ? null : FORM.exec(text.trim())
  const [, payload = '', signature = ''] = match ?? []
  if (match === null) return { ok: false, cause: 'TOKEN_MALFORMED' }
  if (!verify(null, Buffer.from(`${VERSION}.${payload}`), publicKey, Buffer.from(signature, 'base64url'))) return { ok: false, cause: 'TOKEN_FORGED' }
  const claims = readClaims(Buffer.from(payload, 'base64url').toString('utf8'))
  return claims === undefined ? { ok: false, cause: 'TOKEN_MALFORMED' } : { ok: true, claims }
}

/** Sealed by the centre, so what does not fit is a version that this program does not know: it counts for nothing. */
function readClaims(text: string): BreakGlassClaims | undefined {
  const tree: unknown = JSON.parse(text)
  if (!isJsonObject(tree)) return undefined
  // A claim that is not known narrows what the token is for: it must not be passed over.
  if (Object.keys(tree).some((name) => !CLAIMS.has(name))) return undefined
  const { id, namespace, workload, notBefore, expiresAt } = tree
  const [project, cluster, subject] = [
    parseProjectId(textOf(tree['project'])),
    parseClusterKey(textOf(tree['cluster'])),
    readSubject(tree['subject']),
  ]
  if (typeof id !== 'string' || typeof namespace !== 'string' || typeof notBefore !== 'number' || typeof expiresAt !== 'number') return undefined
  if (workload !== undefined && typeof workload !== 'string') return undefined
  if (!project.ok || !cluster.ok || subject === undefined) return undefined
  const bound = workload === undefined ? {} : { workload }
  return { id, project: project.value, cluster: cluster.value, namespace, subject, ...bound, notBefore, expiresAt }
}

function readSubject(tree: unknown): Exemption['subject'] | undefined {
  const { pattern, digest } = isJsonObject(tree) ? tree : {}
  if (typeof pattern === 'string' && digest === undefined) return { pattern }
  return typeof digest === 'string' && pattern === undefined ? { digest } : undefined
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
