import type { ClusterKey } from '../name/resource-name.ts'
import { parseClusterKey } from '../name/resource-name.ts'
import { parseImageDigest } from '../image/reference.ts'
import type { Parsed } from '../parsed.ts'
import type { Exemption } from '../policy/exemption.ts'
import { parsePattern } from '../policy/pattern.ts'
import { quote } from '../quote.ts'
import { parseBoundWorkload } from './bound-workload.ts'
import { readFields, readText } from '../reading/fields.ts'
import { IssueList } from '../reading/issue-list.ts'

/** What somebody asks for: where, which images, for how long from its approval on, and why. */
export interface BreakGlassRequest {
  readonly cluster: ClusterKey
  readonly namespace: string
  readonly subject: Exemption['subject']
  /** `apps/v1/Deployment/web`: for this workload and its Pods alone. */
  readonly workload?: string
  readonly lifetimeMs: number
  readonly justification: string
}

/** One sealed in advance, for when the centre is down, lasts at most a quarter. */
const MAX_LIFETIME_MS = 90 * 24 * 60 * 60 * 1000
const MAX_JUSTIFICATION = 1_024
const NAMESPACE = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const FIELDS = ['cluster', 'namespace', 'pattern', 'digest', 'workload', 'justification'] as const

/** Parses `{cluster, namespace, pattern | digest, workload?, justification}` and the lifetime, which is at most 90 days; every issue at once. */
export function parseBreakGlassRequest(tree: unknown, lifetimeMs: number): Parsed<BreakGlassRequest> {
  const issues = new IssueList()
  const fields = readFields(tree, FIELDS, [], issues) ?? {}
  const cluster = parseClusterKey(typeof fields.cluster === 'string' ? fields.cluster : '')
  if (!cluster.ok) for (const { message } of cluster.issues) issues.add(['cluster'], message)
  const namespace = readText(fields.namespace, 63, ['namespace'], issues) ?? ''
  if (!NAMESPACE.test(namespace)) issues.add(['namespace'], `Namespace ${quote(namespace)} is not valid: expected the one namespace where it counts`)
  const justification = (readText(fields.justification, MAX_JUSTIFICATION, ['justification'], issues) ?? '').trim()
  if (justification === '') issues.add(['justification'], 'Field is required: write why the policy must be passed by')
  if (!(lifetimeMs >= 60_000 && lifetimeMs <= MAX_LIFETIME_MS)) issues.add(['lifetime'], 'Expected a duration from 1 minute to 90 days')
  const subject = readSubject(fields, issues)
  const workload = readWorkload(fields.workload, issues)
  if (!cluster.ok || subject === undefined || issues.all.length > 0) return { ok: false, issues: issues.all }
  return {
    ok: true,
    value: { cluster: cluster.value, namespace, subject, ...(workload === undefined ? {} : { workload }), lifetimeMs, justification },
  }
}

function readWorkload(given: unknown, issues: IssueList): string | undefined {
  if (given === undefined || given === '') return undefined
  const text = readText(given, 512, ['workload'], issues) ?? ''
  const parsed = parseBoundWorkload(text)
  if (!parsed.ok) for (const { message } of parsed.issues) issues.add(['workload'], message)
  return text
}

function readSubject(
  { pattern, digest }: { readonly pattern?: unknown; readonly digest?: unknown },
  issues: IssueList,
): Exemption['subject'] | undefined {
  if ((typeof pattern === 'string') === (typeof digest === 'string')) {
    issues.add([], 'A token needs a pattern or a digest: write one of the two')
    return undefined
  }
  const parsed = typeof pattern === 'string' ? parsePattern(pattern) : parseImageDigest(String(digest))
  if (!parsed.ok) for (const { message } of parsed.issues) issues.add([typeof pattern === 'string' ? 'pattern' : 'digest'], message)
  if (pattern === '*') issues.add(['pattern'], 'A token for every image is none: name a repository, such as registry.example/team/*')
  return typeof pattern === 'string' ? { pattern } : { digest: String(digest) }
}
