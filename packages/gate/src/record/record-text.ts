import type { AdmissionDecision, AttestorVerdict, ImageOutcome, ImageVerdict } from '@countersign/core/admission/decision.ts'
import type { AdmissionEvidence, AttestorState, DigestEvidence } from '@countersign/core/admission/evidence.ts'
import { type DecisionReceipt, nameAttestor, RECEIPT_VERSION, type ReceiptOptions, usedAttestors } from '@countersign/core/admission/receipt.ts'
import type { AdmissionRequest } from '@countersign/core/admission/request.ts'
import type { DecisionRecord } from '@countersign/core/audit/decision-record.ts'
import type { Exemption } from '@countersign/core/policy/exemption.ts'
import { formatCanonicalJson } from '@countersign/evidence/record/canonical-json.ts'

/*
 * The canonical text (RFC 8785) of what every admission records, several times cheaper than by sorting. Two observations
 * carry it. JSON.stringify writes strings and numbers as the RFC does and members in the order in which an object got
 * them: so what is new in each decision (request and verdicts) is copied into objects whose members are named in order,
 * below, and written by one native call; members that are undefined leave no trace. And most of the rest does not change
 * between decisions: the text of what an attestor is and of what a digest's attestations prove is made once, by the careful
 * writer, and kept as long as the object that it describes. `record-text.test.ts` proves the texts equal to
 * `formatCanonicalJson` of `makeReceipt`, which say what they must be, for any request and evidence; a member that the law
 * adds is a type error here (`Whole`) before it is a failed test.
 */

/** Every member of T, said outright. */
type Whole<T> = { readonly [Name in keyof Required<T>]: T[Name] | undefined }
type ImageOfRequest = Omit<AdmissionRequest['images'][number], 'reference'>

/** The canonical text of `makeReceipt`'s receipt. */
export function formatReceipt(request: AdmissionRequest, evidence: AdmissionEvidence, decision: AdmissionDecision, options: ReceiptOptions): string {
  const used = [...usedAttestors(decision, evidence)].sort()
  const { policy, systemPolicy, imageReviewMustShow, now } = evidence
  const rest = {
    decision: orderDecision(decision),
    evaluator: options.evaluator,
    exemptions: orderExemptions(decision, evidence),
    imageReviewMustShow,
    now,
    policy: { digest: options.policyDigest, etag: policy.etag },
    request: orderRequest(request),
    systemPolicy: systemPolicy && { etag: systemPolicy.etag },
    version: RECEIPT_VERSION,
  }
  const kept = `{"attestations":${formatAttestations(used, evidence)},"attestors":${formatAttestors(used, evidence)},`
  return kept + JSON.stringify(rest satisfies Record<keyof Omit<Required<DecisionReceipt>, 'attestations' | 'attestors'>, unknown>).slice(1)
}

/** The canonical text of a decision's record around its receipt's text. */
export function formatRecord(record: Omit<DecisionRecord, 'receipt'>, receipt: string): string {
  const { certificateSubject, insertId, receiptDigest, repeated, timestamp, verifiedBy, webhookName } = record
  const head = JSON.stringify({ certificateSubject, insertId })
  return `${head.slice(0, -1)},"receipt":${receipt},${JSON.stringify({ receiptDigest, repeated, timestamp, verifiedBy, webhookName }).slice(1)}`
}

const attestorTexts = new WeakMap<AttestorState, string>()
const evidenceTexts = new WeakMap<DigestEvidence, string>()

function remember<T extends object>(texts: WeakMap<T, string>, value: T, shown: (value: T) => unknown): string {
  const known = texts.get(value)
  if (known !== undefined) return known
  const text = formatCanonicalJson(shown(value))
  texts.set(value, text)
  return text
}

function formatAttestors(used: readonly string[], { attestors }: AdmissionEvidence): string {
  return formatMembers(used, (name) => {
    const known = attestors[name as keyof typeof attestors]
    return known === undefined ? undefined : remember(attestorTexts, known, nameAttestor)
  })
}

function formatAttestations(used: readonly string[], { attestations }: AdmissionEvidence): string {
  return formatMembers(used, (name) => {
    const digests: Readonly<Record<string, DigestEvidence>> | undefined = attestations[name as keyof typeof attestations]
    if (digests === undefined) return undefined
    return formatMembers(Object.keys(digests).sort(), (digest) => {
      const found = digests[digest]
      return found === undefined ? undefined : remember(evidenceTexts, found, (value) => value)
    })
  })
}

/** An object from names in order and the texts of its members. */
function formatMembers(names: readonly string[], textOf: (name: string) => string | undefined): string {
  let text = ''
  for (const name of names) {
    const member = textOf(name)
    if (member !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${member}`
  }
  return `{${text}}`
}

function orderExemptions({ images }: AdmissionDecision, { exemptions }: AdmissionEvidence): readonly object[] {
  if (exemptions.length === 0) return exemptions
  const ids = new Set(images.map(({ result }) => (result.reason.code === 'EXEMPTION' ? result.reason.id : undefined)))
  return exemptions.filter(({ id }) => ids.has(id)).map(orderExemption)
}

function orderExemption({ expiresAt, id, namespace, owner, reason, subject }: Exemption) {
  return { expiresAt, id, namespace, owner, reason, subject } satisfies Whole<Exemption>
}

function orderMark({ grant, key, refused, value, via }: NonNullable<AdmissionRequest['breakGlass']>) {
  const shown = grant && ({ expiresAt: grant.expiresAt, id: grant.id, subject: grant.subject } satisfies Whole<typeof grant>)
  return { grant: shown, key, refused, value, via } satisfies Whole<NonNullable<AdmissionRequest['breakGlass']>>
}

function orderRequest({ breakGlass, images, operation, project, scope, serverDryRun, source, uid, unchangedImages, ...who }: AdmissionRequest) {
  const { user, workload } = who
  return {
    breakGlass: breakGlass && orderMark(breakGlass),
    images: images.map(
      ({ containerName, containerType, fieldPath, text }) => ({ containerName, containerType, fieldPath, text }) satisfies Whole<ImageOfRequest>,
    ),
    operation,
    project,
    scope: {
      cluster: scope.cluster,
      namespace: scope.namespace,
      serviceAccount: scope.serviceAccount,
      trustDomain: scope.trustDomain,
    } satisfies Whole<typeof scope>,
    serverDryRun,
    source,
    uid,
    unchangedImages,
    user: user && ({ groups: user.groups, username: user.username } satisfies Whole<typeof user>),
    workload: {
      apiVersion: workload.apiVersion,
      generateName: workload.generateName,
      kind: workload.kind,
      name: workload.name,
      resource: workload.resource,
      subresource: workload.subresource,
    } satisfies Whole<typeof workload>,
  } satisfies Record<keyof Required<AdmissionRequest>, unknown>
}

function orderDecision({ images, outcome, policyEtag, reason, undecided }: AdmissionDecision) {
  return {
    images: images.map(orderVerdict),
    outcome,
    policyEtag,
    reason,
    undecided: undecided && orderReason(undecided),
  } satisfies Record<keyof Required<AdmissionDecision>, unknown>
}

function orderVerdict({ containers, enforcementMode, fix, image, result, rule }: ImageVerdict) {
  return {
    containers: containers.map(({ fieldPath, name, type }) => ({ fieldPath, name, type }) satisfies Whole<(typeof containers)[number]>),
    enforcementMode,
    fix: fix && ({ command: fix.command, explanation: fix.explanation } satisfies Whole<typeof fix>),
    image,
    result: { outcome: result.outcome, reason: orderReason(result.reason) },
    rule: rule && ({ key: rule.key, kind: rule.kind } satisfies Whole<typeof rule>),
  } satisfies Record<keyof Required<ImageVerdict>, unknown>
}

/** One member order for the reasons of all outcomes. */
function orderReason(reason: ImageOutcome['reason']): object {
  switch (reason.code) {
    case 'ATTESTED':
    case 'NOT_ATTESTED':
    case 'NOT_A_DIGEST':
    case 'INVALID_IMAGE':
      return { by: reason.by.map(orderAttestor), code: reason.code }
    case 'SYSTEM_POLICY':
    case 'EXEMPT_PATTERN':
      return { code: reason.code, pattern: reason.pattern }
    case 'EXEMPTION':
      return { code: reason.code, expiresAt: reason.expiresAt, id: reason.id }
    case 'EVIDENCE_NOT_GATHERED':
      return { attestor: reason.attestor, code: reason.code }
    default:
      return { code: reason.code } satisfies typeof reason
  }
}

function orderAttestor({ attestor, cause, occurrence, publicKeyId, rejected, satisfied }: AttestorVerdict) {
  return {
    attestor,
    cause,
    occurrence,
    publicKeyId,
    rejected: rejected.map((one) => ({ cause: one.cause, detail: one.detail, occurrence: one.occurrence }) satisfies Whole<typeof one>),
    satisfied,
  } satisfies Record<keyof AttestorVerdict, unknown>
}
