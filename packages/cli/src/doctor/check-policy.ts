import { parsePolicyEnvelope } from '@countersign/core/policy/parse.ts'
import { parsePattern } from '@countersign/core/policy/pattern.ts'
import { type Tree, textIn, treesIn } from '../connection/api.ts'
import type { Judgement } from '../evaluation/judgement.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

/** Beyond this what is behind may be a cluster's last minutes of policy. */
const STALE_MS = 60_000
const SKEW_MS = 30_000
const MUCH_SKEW_MS = 300_000

/** Judges whether a policy says anything of a cluster, and names only clusters that exist. */
export function checkPolicy(tree: Tree, { cluster, known }: { readonly cluster: string; readonly known: readonly string[] }): readonly Finding[] {
  const parsed = parsePolicyEnvelope(tree)
  if (!parsed.ok) return [fail('policy', 'The policy cannot be read', 'countersign policy describe')]
  const { policy } = parsed.value
  const named = Object.keys(policy.clusterAdmissionRules)
  const stray = named.filter((key) => !known.includes(key))
  const findings: Finding[] = []
  if (stray.length > 0) findings.push(warn('policy', `Rules name clusters that are not registered: ${stray.join(', ')}`, 'countersign clusters list'))
  if (named.length > 0 && !named.includes(cluster))
    findings.push(warn('policy', `Other clusters have a rule, "${cluster}" has none: the default rule governs it`, 'countersign policy export'))
  const rule = policy.clusterAdmissionRules[cluster] ?? policy.defaultAdmissionRule
  if (rule.evaluationMode === 'ALWAYS_ALLOW') findings.push(warn('policy', 'Its rule allows every image', 'countersign policy export'))
  else if (rule.enforcementMode === 'DRYRUN_AUDIT_LOG_ONLY')
    findings.push(warn('policy', 'Its rule is a dry run: refusals are logged and not enforced', 'countersign audit list'))
  return findings.length > 0 ? findings : [ok('policy', `A rule governs "${cluster}" and is enforced`)]
}

/** Judges how far gates are behind their server. */
export function checkGates(status: Tree): Finding {
  const gates = treesIn(status, 'gates')
  const stale = gates.filter((gate) => Number(textIn(gate, 'staleForMs')) > STALE_MS).map((gate) => textIn(gate, 'writer'))
  if (stale.length > 0) return warn('gates', `Not heard of the newest changes for a minute: ${stale.join(', ')}`, 'countersign status')
  return ok('gates', `${gates.length} ${gates.length === 1 ? 'gate follows' : 'gates follow'} the server`)
}

/** Judges the clock of the API server by this machine's. */
export function checkClock(servedAt: number | undefined, now: number): Finding {
  if (servedAt === undefined) return warn('clock', 'The API server shows no clock', 'Compare the clocks by hand')
  const skew = Math.abs(servedAt - now)
  const seconds = `${Math.round(skew / 1000)} s`
  if (skew > MUCH_SKEW_MS)
    return fail('clock', `The API server’s clock is ${seconds} from this one`, 'Set both by NTP: certificates and expiries go by them')
  if (skew > SKEW_MS) return warn('clock', `The API server’s clock is ${seconds} from this one`, 'Set both by NTP')
  return ok('clock', 'The API server’s clock and this one agree')
}

/** Names each running image that the policy refuses, once, with the pattern that would let it in. */
export function checkSystemImages(judgements: readonly Judgement[], project: string): readonly Finding[] {
  const refused = judgements.flatMap(({ decision }) => decision.images.filter(({ result }) => result.outcome === 'DENIED').map(({ image }) => image))
  const images = [...new Set(refused)].sort()
  if (images.length === 0) return [ok('system images', `The policy lets in what ${judgements.length} running system Pods are made of`)]
  return images.map((image) =>
    fail(
      'system images',
      `${image} runs and would be refused at its next start`,
      `Add the pattern ${patternFor(image)}: countersign policy export --project ${project}`,
    ),
  )
}

/** The narrowest pattern that outlives an upgrade: any tag, or any digest, of the same repository. */
function patternFor(image: string): string {
  const at = image.indexOf('@')
  const colon = image.indexOf(':', image.lastIndexOf('/', at < 0 ? undefined : at) + 1)
  const end = colon > 0 && (at < 0 || colon < at) ? colon : at
  const pattern = end < 0 ? image : `${image.slice(0, end + 1)}*`
  return parsePattern(pattern).ok ? pattern : image
}
