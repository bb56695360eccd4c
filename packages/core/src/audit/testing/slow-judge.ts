import type { DecisionReceipt, ReceiptInputs } from '../../admission/receipt.ts'
import type { CheckedAttestation } from '../../attestation/attestation.ts'
import type { AttestorName } from '../../name/resource-name.ts'
import type { AdmissionRule } from '../../policy/policy.ts'

const SKEW_MS = 300_000

/**
 * A second reading of the law for the tests, from binary-authorization.md §1.4–§1.5, §3.6 and §6.5–§6.6 and DESIGN §5 alone: it shares no code with
 * `decideAdmission`, takes texts apart by itself, looks at everything every time, and knows only what the generated cases hold.
 */
export function judgeSlowly(receipt: DecisionReceipt, kept: ReceiptInputs): { readonly outcome: string; readonly reason: string } {
  const { request } = receipt
  const judged = request.images.filter(({ text }) => !request.unchangedImages.includes(text))
  if (request.operation === 'DELETE' || judged.length === 0) return { outcome: 'ALLOWED', reason: 'NOTHING_TO_JUDGE' }
  const verdicts = judged.map(({ text }) => ({ text, verdict: judgeText(text, receipt, kept) }))
  if (request.breakGlass !== undefined) return { outcome: 'ALLOWED', reason: 'BREAK_GLASS' }
  const watched = governing(receipt, kept).enforcementMode === 'DRYRUN_AUDIT_LOG_ONLY'
  const [no, unknown] = ['NO', 'UNKNOWN'].map((word) => verdicts.some(({ verdict }) => verdict === word))
  if (!no && !unknown) return { outcome: 'ALLOWED', reason: 'CONFORMS' }
  if (watched) return { outcome: 'ALLOWED', reason: 'DRY_RUN' }
  return no ? { outcome: 'DENIED', reason: 'VIOLATES_POLICY' } : { outcome: 'UNDECIDED', reason: 'COULD_NOT_DECIDE' }
}

type Slow = 'YES' | 'NO' | 'UNKNOWN'

/** The more specific rule: the namespace's, else the cluster's, else the default. */
function governing({ request }: DecisionReceipt, { policy: { policy } }: ReceiptInputs): AdmissionRule {
  const { namespace, cluster } = request.scope
  const own = Object.entries(policy.kubernetesNamespaceAdmissionRules).find(([key]) => key === namespace)
  const local = Object.entries(policy.clusterAdmissionRules).find(([key]) => key === cluster)
  return own?.[1] ?? local?.[1] ?? policy.defaultAdmissionRule
}

function judgeText(text: string, receipt: DecisionReceipt, kept: ReceiptInputs): Slow {
  const patterns = kept.policy.policy.admissionWhitelistPatterns.map(({ namePattern }) => namePattern)
  if (patterns.some((pattern) => matches(pattern, text))) return 'YES'
  for (const { subject, expiresAt } of receipt.exemptions) {
    if ('pattern' in subject && subject.pattern === text && receipt.now < expiresAt) return 'YES'
  }
  const { evaluationMode, requireAttestationsBy } = governing(receipt, kept)
  if (evaluationMode === 'ALWAYS_ALLOW') return 'YES'
  if (evaluationMode === 'ALWAYS_DENY') return 'NO'
  const digest = text.slice(text.indexOf('@') + 1)
  if (!text.includes('@') || digest.length !== 71) return 'NO'
  const said = requireAttestationsBy.map((name) => judgeAttestor(name, digest, { receipt, kept }))
  if (said.includes('NO')) return 'NO'
  return said.includes('UNKNOWN') ? 'UNKNOWN' : 'YES'
}

/** `*` stays within one path component and `**` does not; both stand only at the end. */
function matches(pattern: string, text: string): boolean {
  if (pattern.endsWith('**')) return text.startsWith(pattern.slice(0, -2))
  if (!pattern.endsWith('*')) return text === pattern
  const rest = text.startsWith(pattern.slice(0, -1)) ? text.slice(pattern.length - 1) : '/'
  return !rest.includes('/')
}

function judgeAttestor(
  name: AttestorName,
  digest: string,
  { receipt, kept }: { readonly receipt: DecisionReceipt; readonly kept: ReceiptInputs },
): Slow {
  const named = receipt.attestors[name]
  if (named === undefined) return 'UNKNOWN'
  if (named.state !== 'PRESENT') return 'NO'
  if (kept.attestors[name]?.publicKeys.length === 0) return 'NO'
  const found = Object.entries(receipt.attestations[name] ?? {}).find(([key]) => key === digest)
  if (found === undefined) return 'UNKNOWN'
  return found[1].checked.some((one) => one.outcome === 'VERIFIED' && one.fact.digest === digest && counts(one, receipt.now)) ? 'YES' : 'NO'
}

type Verified = Extract<CheckedAttestation, { outcome: 'VERIFIED' }>

function counts({ fact, receivedAt }: Verified, now: number): boolean {
  const { signedAt, keyNotBefore, keyNotAfter, expiresAt, revocation } = fact
  if (revocation?.kind === 'HARD') return false
  if (revocation !== undefined && receivedAt >= revocation.at) return false
  if (signedAt !== undefined && signedAt > receivedAt + SKEW_MS) return false
  if (keyNotBefore !== undefined && receivedAt + SKEW_MS < keyNotBefore) return false
  if (keyNotBefore !== undefined && signedAt !== undefined && signedAt < keyNotBefore) return false
  if (keyNotAfter !== undefined && receivedAt >= keyNotAfter) return false
  if (keyNotAfter !== undefined && signedAt !== undefined && signedAt >= keyNotAfter) return false
  return expiresAt === undefined || now < expiresAt
}
