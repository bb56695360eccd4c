import type { AdmissionRule } from '../policy/policy.ts'
import { selectRule } from '../policy/select-rule.ts'
import type { SelectedRule } from '../policy/select-rule.ts'
import { isGlassBroken } from '../break-glass/honour.ts'
import { findAdmittance } from './admittance.ts'
import type { AdmissionDecision, AttestorVerdict, ImageOutcome, ImageVerdict, UndecidedReason } from './decision.ts'
import type { AdmissionEvidence } from './evidence.ts'
import { suggestFix } from './fix.ts'
import { judgeAttestor, judgeWithoutDigest } from './judge-attestor.ts'
import { groupJudgedImages } from './judged-images.ts'
import type { AdmissionRequest, WorkloadImage } from './request.ts'

const ALWAYS_ALLOWED: ImageOutcome = { outcome: 'ALLOWED', reason: { code: 'ALWAYS_ALLOW' } }
const ALWAYS_DENIED: ImageOutcome = { outcome: 'DENIED', reason: { code: 'ALWAYS_DENY' } }

/**
 * Decides an admission: the law itself. Synchronous, total and pure: the same request and evidence give the same decision
 * always, so that an audit can decide again. Allow is earned: every path that does not reach a reason to allow denies or
 * does not decide.
 *
 * Each image, in the order of binary-authorization.md §1.4: system policy, admission whitelist pattern, exemption, rule.
 * Then the request as a whole, see `conclude`. Errors: none; an incomplete evidence is `UNDECIDED`.
 */
export function decideAdmission(request: AdmissionRequest, evidence: AdmissionEvidence): AdmissionDecision {
  const policyEtag = evidence.policy.etag
  const groups = groupJudgedImages(request)
  if (groups.length === 0) return { outcome: 'ALLOWED', reason: 'NOTHING_TO_JUDGE', images: [], policyEtag }
  // One workload has one scope, so one rule governs all of its images.
  const selected = selectRule(evidence.policy.policy, request.scope)
  const images: ImageVerdict[] = []
  for (const group of groups) images.push(judgeImage(group, selected, request, evidence))
  return concludeImageReview(conclude(request, images, policyEtag), request, evidence)
}

function judgeImage(group: readonly WorkloadImage[], selected: SelectedRule, request: AdmissionRequest, evidence: AdmissionEvidence): ImageVerdict {
  const [first] = group as readonly [WorkloadImage, ...WorkloadImage[]]
  const image = first.text
  const containers = group.map(placeOf)
  const admittance = findAdmittance(first, request, evidence)
  if (admittance !== undefined) return { image, containers, result: { outcome: 'ALLOWED', reason: admittance } }
  if ('undecided' in selected) return { image, containers, result: { outcome: 'UNDECIDED', reason: selected.undecided } }
  const {
    reference: rule,
    rule: { enforcementMode },
  } = selected
  const result = applyRule(first, selected.rule, evidence)
  if (result.outcome !== 'DENIED') return { image, containers, result, rule, enforcementMode }
  return { image, containers, result, rule, enforcementMode, fix: suggestFix(first, result.reason, request) }
}

function placeOf(image: WorkloadImage): ImageVerdict['containers'][number] {
  const { containerType: type, containerName: name, fieldPath } = image
  return name === undefined ? { type, fieldPath } : { type, name, fieldPath }
}

function applyRule(image: WorkloadImage, rule: AdmissionRule, evidence: AdmissionEvidence): ImageOutcome {
  if (rule.evaluationMode === 'ALWAYS_ALLOW') return ALWAYS_ALLOWED
  if (rule.evaluationMode === 'REQUIRE_ATTESTATION') return requireAttestations(image, rule, evidence)
  return ALWAYS_DENIED
}

/**
 * All attestors of the rule must be satisfied (§3.6), and there must be one: an empty list, which no valid policy holds,
 * would otherwise admit everything. One attestor that is not satisfied settles the image even where another could not be
 * looked up, because nothing that the other says could admit it.
 */
function requireAttestations(image: WorkloadImage, rule: AdmissionRule, evidence: AdmissionEvidence): ImageOutcome {
  const digest = image.reference?.digest
  if (digest === undefined) {
    const by = rule.requireAttestationsBy.map((attestor) => judgeWithoutDigest(attestor, image.reference))
    return { outcome: 'DENIED', reason: { code: image.reference === undefined ? 'INVALID_IMAGE' : 'NOT_A_DIGEST', by } }
  }
  const by: AttestorVerdict[] = []
  let satisfied = 0
  let missing: UndecidedReason | undefined
  for (const attestor of rule.requireAttestationsBy) {
    const verdict = judgeAttestor(attestor, digest, evidence)
    if (verdict === undefined) {
      missing ??= { code: 'EVIDENCE_NOT_GATHERED', attestor }
      continue
    }
    by.push(verdict)
    if (verdict.satisfied) satisfied++
  }
  if (by.length > satisfied || rule.requireAttestationsBy.length === 0) return { outcome: 'DENIED', reason: { code: 'NOT_ATTESTED', by } }
  if (missing !== undefined) return { outcome: 'UNDECIDED', reason: missing }
  return { outcome: 'ALLOWED', reason: { code: 'ATTESTED', by } }
}

/**
 * The request as a whole. Break-glass that counts admits whatever the verdicts are, undecided ones too, and keeps them (§6.5). Else an
 * enforced denial denies, even beside an image that could not be judged: nothing that the other turned out to be would
 * admit the workload, and the person is told what to mend. Else an image that could not be judged leaves the request
 * undecided. A dry-run rule never blocks: what it denies, or could not judge, is admitted and said (§6.6).
 */
function conclude(request: AdmissionRequest, images: readonly ImageVerdict[], policyEtag: string): AdmissionDecision {
  if (isGlassBroken(request.breakGlass, images)) return { outcome: 'ALLOWED', reason: 'BREAK_GLASS', images, policyEtag }
  let conforming = 0
  let denied = false
  let undecided: UndecidedReason | undefined
  for (const { result, enforcementMode } of images) {
    if (result.outcome === 'ALLOWED') conforming++
    else if (enforcementMode === 'DRYRUN_AUDIT_LOG_ONLY') continue
    else if (result.outcome === 'DENIED') denied = true
    else undecided ??= result.reason
  }
  if (denied) return { outcome: 'DENIED', reason: 'VIOLATES_POLICY', images, policyEtag }
  if (undecided !== undefined) return { outcome: 'UNDECIDED', reason: 'COULD_NOT_DECIDE', images, undecided, policyEtag }
  return { outcome: 'ALLOWED', reason: conforming === images.length ? 'CONFORMS' : 'DRY_RUN', images, policyEtag }
}

/**
 * What an ImageReview leaves out (DESIGN §5). A rule for a service account or identity reads what is not there: undecided,
 * by `selectRule`. No rule of the policy reads labels or tells image volumes from other images, so an ImageReview is
 * judged by what it shows: otherwise none could ever be answered, and the founding documents' clusters ask in no other way.
 * Where that is not enough, the cluster's owner says so, and then only what the unseen part could overturn stays undecided:
 * a denial by a label that breaks the glass, an admission by an image volume.
 */
function concludeImageReview(decision: AdmissionDecision, request: AdmissionRequest, evidence: AdmissionEvidence): AdmissionDecision {
  const { imageReviewMustShow } = evidence
  if (request.source !== 'IMAGE_REVIEW' || imageReviewMustShow === undefined) return decision
  const { reason, images, policyEtag } = decision
  const unseen = reason === 'VIOLATES_POLICY' ? 'LABELS' : reason === 'CONFORMS' ? 'IMAGE_VOLUMES' : undefined
  if (unseen === undefined || !imageReviewMustShow.includes(unseen)) return decision
  const undecided: UndecidedReason = { code: unseen === 'LABELS' ? 'NEEDS_LABELS' : 'NEEDS_IMAGE_VOLUMES' }
  return { outcome: 'UNDECIDED', reason: 'COULD_NOT_DECIDE', images, undecided, policyEtag }
}
