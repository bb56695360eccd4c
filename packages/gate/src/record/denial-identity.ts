import type { AdmissionDecision } from '@countersign/core/admission/decision.ts'
import type { AdmissionRequest } from '@countersign/core/admission/request.ts'
import type { DecidedRequest } from './decided-request.ts'

/**
 * What makes denials one and the same: who asked for what, where, and everything that was found, policy etag, reasons, causes and attestations
 * included. Undefined where a decision has a record of its own: every decision but an enforced denial without a break-glass mark.
 */
export function findDenialIdentity({ asked, decision }: DecidedRequest): string | undefined {
  const { request, caller } = asked
  if (decision.outcome !== 'DENIED' || decision.reason !== 'VIOLATES_POLICY' || request.breakGlass !== undefined || request.serverDryRun)
    return undefined
  const { project, scope, source, operation, images, unchangedImages } = request
  const places = images.map(({ text, containerType, containerName, fieldPath }) => [text, containerType, containerName, fieldPath])
  const where = [project, scope.cluster, scope.namespace, scope.serviceAccount, source, operation, identifyWorkload(request)]
  return JSON.stringify([where, places, unchangedImages, request.user?.username, caller.verifiedBy, caller.subject, identifyDecision(decision)])
}

/** A controller makes its Pods under ever new names, of one `generateName`; what has none is known by its name. */
function identifyWorkload({ workload }: AdmissionRequest): readonly unknown[] {
  const { apiVersion, kind, resource, subresource, name, generateName } = workload
  const named = generateName === undefined || generateName === '' ? [name] : [undefined, generateName]
  return [apiVersion, kind, resource, subresource, ...named]
}

/** Verdicts are made anew for each decision, with their members in one order. */
function identifyDecision({ images, policyEtag }: AdmissionDecision): readonly unknown[] {
  return [policyEtag, images.map(({ image, result, rule, enforcementMode }) => [image, result, rule, enforcementMode])]
}
