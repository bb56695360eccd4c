import type { RuleKind, RuleReference } from '../policy/policy.ts'
import type { AdmissionDecision, AttestorVerdict, DenyReason, ImageVerdict } from './decision.ts'
import type { AdmissionRequest } from './request.ts'
import { formatVisible } from './visible-text.ts'

/**
 * The original's words, which other programs match: A is what a cluster with ImageReview shows (2018 to 2021), B what an
 * admission webhook shows since (binary-authorization.md §6.1, §6.4). Never changed, never parsed by us.
 */
export type TextGeneration = 'A' | 'B'

/** Cause of a denial in the Status of an AdmissionReview. `reason` is the original's; the others are ours (§10 rule 10). */
export interface DenialCause {
  readonly reason: string
  /** Stable codes: `NOT_ATTESTED ATTESTATIONS_REJECTED BAD_SIGNATURE`. */
  readonly message: string
  /** Path of the first field that names the image. */
  readonly field: string
}

/** An image that the policy refuses, whether or not the request was admitted regardless. */
export type DeniedImage = ImageVerdict & { readonly result: { readonly outcome: 'DENIED'; readonly reason: DenyReason } }

/** A text longer than this serves no reader; the images left out are counted. */
const MAX_TEXT = 16_000
const NOT_FOUND = 'No attestations found that were valid and signed by a key trusted by the attestor'
const NO_DIGEST = {
  A: 'Attestor cannot attest to an image deployed by tag',
  B: 'Expected digest with sha256 scheme, but got tag or malformed digest',
}
/** What the original says of a signed text that is no JSON (§6.4), with the place of the fault at which `evidence` found it. */
const NOT_JSON = 'Signature verified, but unexpected message was signed: * Line 1, Column 1\n  Syntax error: value, object or array expected.\n\n'
const RULE_KINDS: Readonly<Record<RuleKind, string>> = {
  DEFAULT: 'default admission rule',
  CLUSTER: 'cluster admission rule for ',
  // No capture of the next three is public: by analogy (§6.4).
  KUBERNETES_NAMESPACE: 'namespace admission rule for ',
  KUBERNETES_SERVICE_ACCOUNT: 'service account admission rule for ',
  ISTIO_SERVICE_IDENTITY: 'service identity admission rule for ',
}

/** Which generation's words a request is answered in: an ImageReview in A, everything else in B. */
export function generationOf({ source }: Pick<AdmissionRequest, 'source'>): TextGeneration {
  return source === 'IMAGE_REVIEW' ? 'A' : 'B'
}

/** The images that the policy refuses, in the order of the decision. */
export function listDenied(decision: AdmissionDecision): readonly DeniedImage[] {
  return decision.images.filter(isDenied)
}

/**
 * The denial text of a decision without what the cluster puts before it (`admission webhook "…" denied the request: `,
 * `image policy webhook backend denied one or more images: `). Names only images that are refused (§1.4). Empty where none is.
 */
export function formatDenial(decision: AdmissionDecision, generation: TextGeneration): string {
  return joinBounded(
    listDenied(decision).map((image) => (generation === 'A' ? formatDenialA(image) : formatDenialB(image))),
    '. ',
  )
}

/** What Cloud Run says of a Service that it does not deploy (§6.8). */
export function formatCloudRunDenial(decision: AdmissionDecision): string {
  return `Service update rejected by Binary Authorization policy: ${joinBounded(listDenied(decision).map(formatCloudRunImage), '. ')}`
}

/** `details.causes` of generation B, one for each image. */
export function listDenialCauses(decision: AdmissionDecision): readonly DenialCause[] {
  return listDenied(decision).map((image) => ({
    reason: overriddenB(image),
    message: codesOf(image.result.reason),
    field: image.containers[0]?.fieldPath ?? '',
  }))
}

/** The audit label `overridden-verification-result`: what break-glass or dry run admitted regardless (§6.7). Empty where nothing was. */
export function formatOverridden(decision: AdmissionDecision, generation: TextGeneration): string {
  const denied = listDenied(decision)
  return generation === 'A' ? joinBounded(denied.map(overriddenA), '. ') : joinBounded(denied.map(overriddenB), '')
}

/** `default admission rule`, `cluster admission rule for us-central1-a.prod`. */
export function formatRule(rule: RuleReference | undefined): string {
  return `${RULE_KINDS[rule?.kind ?? 'DEFAULT']}${formatVisible(rule?.key ?? '')}`
}

function isDenied(image: ImageVerdict): image is DeniedImage {
  return image.result.outcome === 'DENIED'
}

function formatDenialA(image: DeniedImage): string {
  const head = `Denied by ${formatRule(image.rule)}`
  if (image.result.reason.code === 'ALWAYS_DENY') return `${head}. Overridden by evaluation mode`
  return [`${head}. Denied by Attestor`, ...attestorSentences(image, 'A')].join('. ')
}

function formatDenialB(image: DeniedImage): string {
  const head = `Image ${formatVisible(image.image)} denied by Binary Authorization ${formatRule(image.rule)}`
  if (image.result.reason.code === 'ALWAYS_DENY') return `${head}. Denied by always_deny admission rule`
  return [head, ...attestorSentences(image, 'B')].join('. ')
}

function formatCloudRunImage(image: DeniedImage): string {
  const shown = `'${formatVisible(image.image)}'`
  const head = `Container image ${shown} is not authorized by policy`
  const { reason } = image.result
  // No capture of this one is public: by analogy.
  if (reason.code === 'ALWAYS_DENY') return `${head}. Denied by always_deny admission rule`
  return [head, ...unsatisfied(reason.by).map((by) => `Image ${shown} denied by attestor ${by.attestor}: ${attestorReason(by, 'B')}`)].join('. ')
}

function overriddenA(image: DeniedImage): string {
  const sentences = image.result.reason.code === 'ALWAYS_DENY' ? [formatDenialA(image)] : attestorSentences(image, 'A')
  return `'${formatVisible(image.image)}': ${sentences.join('. ')}`
}

function overriddenB(image: DeniedImage): string {
  const sentences = image.result.reason.code === 'ALWAYS_DENY' ? ['Denied by an ALWAYS_DENY admission rule'] : attestorSentences(image, 'B')
  return `'${formatVisible(image.image)}' : ${sentences.join('. ')}\n`
}

function attestorSentences(image: DeniedImage, generation: TextGeneration): readonly string[] {
  const { reason } = image.result
  if (reason.code === 'ALWAYS_DENY') return []
  const by = generation === 'A' ? 'denied by' : 'denied by attestor'
  const shown = formatVisible(image.image)
  return unsatisfied(reason.by).map((verdict) => `Image ${shown} ${by} ${verdict.attestor}: ${attestorReason(verdict, generation)}`)
}

function attestorReason(verdict: AttestorVerdict, generation: TextGeneration): string {
  if (verdict.cause === 'IMAGE_BY_TAG' || verdict.cause === 'DIGEST_MALFORMED') return NO_DIGEST[generation]
  const [newest] = verdict.rejected
  if (newest?.cause !== 'PAYLOAD_NOT_JSON') return NOT_FOUND
  return (newest.detail ?? NOT_JSON).split('\n').map(formatVisible).join('\n')
}

function codesOf(reason: DenyReason): string {
  if (reason.code === 'ALWAYS_DENY') return reason.code
  const causes = unsatisfied(reason.by).flatMap(({ cause, rejected }) => [cause ?? 'NO_ATTESTATION', ...rejected.map((one) => one.cause)])
  return [...new Set<string>([reason.code, ...causes])].join(' ')
}

function unsatisfied(by: readonly AttestorVerdict[]): readonly AttestorVerdict[] {
  return by.filter((verdict) => !verdict.satisfied)
}

function joinBounded(parts: readonly string[], joiner: string): string {
  let text = ''
  for (const [index, part] of parts.entries()) {
    const next = index === 0 ? part : `${text}${joiner}${part}`
    if (next.length > MAX_TEXT && index > 0) return `${text}${joiner}${parts.length - index} more images`
    text = next
  }
  return text
}
