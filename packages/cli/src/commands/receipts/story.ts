import type { ImageVerdict } from '@countersign/core/admission/decision.ts'
import { formatRule } from '@countersign/core/admission/denial-text.ts'
import { explainDecision, explainImage, explainRejection } from '@countersign/core/admission/explain.ts'
import { formatFix } from '@countersign/core/admission/fix.ts'
import type { DecisionReceipt } from '@countersign/core/admission/receipt.ts'
import { formatVisible } from '@countersign/core/admission/visible-text.ts'
import type { CheckedAttestation } from '@countersign/core/attestation/attestation.ts'
import { judgeFact } from '@countersign/core/admission/judge-time.ts'
import { parseImageReference } from '@countersign/core/image/reference.ts'
import type { AttestorName } from '@countersign/core/name/resource-name.ts'

/**
 * A receipt as a story for a person, line by line: what came of it, who asked for what and where, which law was read, and for each image the rule, what
 * every attestor had said, and what would have admitted it. Hostile texts stand in it with their hidden characters escaped.
 */
export function tellReceipt(receipt: DecisionReceipt): readonly string[] {
  const { decision, policy, systemPolicy, evaluator } = receipt
  const system = systemPolicy === undefined ? '' : `, with the system policy ${systemPolicy.etag}`
  const version = policy.etag === '' ? 'the default policy: the project had stored none' : `policy version ${policy.etag}`
  return [
    capitalize(explainDecision(decision)),
    ...tellRequest(receipt),
    `Judged by ${version}${system}; program version ${formatVisible(evaluator)}`,
    ...decision.images.flatMap((image) => ['', ...tellImage(image, receipt)]),
  ]
}

function tellRequest({ request, now }: DecisionReceipt): readonly string[] {
  const { scope, workload, user, breakGlass } = request
  const what = `${request.operation} of ${[workload.resource ?? workload.kind, workload.subresource].filter(Boolean).join('/')}`
  const account = scope.serviceAccount === undefined ? '' : `, service account ${scope.serviceAccount}`
  return [
    `Asked at ${timeOf(now)} by ${formatVisible(user?.username ?? 'somebody whom the request does not name')}`,
    `  ${formatVisible(`${what} ${workload.name || `${workload.generateName ?? ''}…`}`)}`,
    `  in namespace ${formatVisible(`${scope.namespace}${account}`)}, cluster ${scope.cluster}, project ${request.project}`,
    ...(request.unchangedImages.length === 0 ? [] : [`  ${request.unchangedImages.length} images were there before and are not judged`]),
    ...(breakGlass === undefined
      ? []
      : [`  asking to break the glass by ${breakGlass.via.toLowerCase()} ${formatVisible(breakGlass.key)}${refusal(breakGlass)}`]),
  ]
}

function refusal({ refused }: NonNullable<DecisionReceipt['request']['breakGlass']>): string {
  return refused === undefined ? '' : `, which does not count: ${refused}`
}

function tellImage(image: ImageVerdict, receipt: DecisionReceipt): readonly string[] {
  const places = image.containers.map(({ name, fieldPath }) => (name === undefined ? fieldPath : `${name} (${fieldPath})`)).join(', ')
  const mode = image.enforcementMode === 'DRYRUN_AUDIT_LOG_ONLY' ? ', which only watches' : ''
  return [
    capitalize(explainImage(image)),
    `  stands in ${formatVisible(places)}`,
    ...(image.rule === undefined ? [] : [`  ruled by the ${formatRule(image.rule)}${mode}`]),
    ...tellEvidence(image, receipt),
    ...(image.fix === undefined ? [] : [`  to admit it: ${formatFix(image.fix)}`]),
  ]
}

function tellEvidence({ image, result }: ImageVerdict, receipt: DecisionReceipt): readonly string[] {
  if (!('by' in result.reason)) return []
  const reference = parseImageReference(image)
  const digest = reference.ok ? reference.value.digest : undefined
  return result.reason.by.flatMap(({ attestor, satisfied }) => {
    const found = digest === undefined ? undefined : receipt.attestations[attestor]?.[digest]
    const attestations = found?.checked.map((one) => `    ${tellAttestation(one, receipt.now)}`) ?? []
    return [`  ${attestor}: ${satisfied ? 'attested' : 'not attested'}${keysOf(attestor, receipt)}`, ...attestations]
  })
}

function keysOf(attestor: AttestorName, { attestors }: DecisionReceipt): string {
  const named = attestors[attestor]
  if (named?.state !== 'PRESENT') return named === undefined ? '' : ` (${named.state === 'ABSENT' ? 'does not exist' : 'not granted'})`
  return ` (version ${named.etag}, ${named.keyIds.length === 1 ? '1 key' : `${named.keyIds.length} keys`})`
}

function tellAttestation(one: CheckedAttestation, now: number): string {
  const head = `${one.occurrence}, received ${timeOf(one.receivedAt)}`
  if (one.outcome === 'REJECTED') return `${head}: does not count: ${explainRejection(one.cause)}`
  const judged = judgeFact(one, now)
  return judged.valid ? `${head}: signed with ${formatVisible(one.publicKeyId)}` : `${head}: does not count: ${explainRejection(judged.cause)}`
}

function timeOf(moment: number): string {
  return Math.abs(moment) < 8.64e15 ? new Date(moment).toISOString() : 'an unknown time'
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
