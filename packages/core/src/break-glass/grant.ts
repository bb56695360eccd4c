import type { Instant } from '../instant.ts'
import type { ClusterKey, ProjectId } from '../name/resource-name.ts'
import type { Exemption } from '../policy/exemption.ts'
import { isOfWorkload, parseBoundWorkload, type ShownWorkload } from './bound-workload.ts'

/**
 * Annotation beside the mark, on the Pod or in the Pod template, whose value is the token. An ImageReview does not carry it:
 * Kubernetes shows that plugin's backend only annotations of `*.image-policy.k8s.io`.
 */
export const BREAK_GLASS_TOKEN_ANNOTATION = 'countersign.dev/break-glass-token'

/** What a sealed token says: what may be let in regardless, where, and when. It names no person; the grant of this id does. */
export interface BreakGlassClaims {
  readonly id: string
  readonly project: ProjectId
  readonly cluster: ClusterKey
  readonly namespace: string
  /** Images of a repository by a pattern as in a policy, or one digest in whatever repository. */
  readonly subject: Exemption['subject']
  /** Only for this workload and its Pods, as `apps/v1/Deployment/web`. */
  readonly workload?: string
  readonly notBefore: Instant
  /** The first moment at which it no longer counts. */
  readonly expiresAt: Instant
}

/** Stable codes for why a break-glass mark does not count on a cluster that asks for a token. */
export type BreakGlassRefusal =
  | 'TOKEN_ABSENT'
  | 'TOKEN_MALFORMED'
  | 'TOKEN_FORGED'
  | 'TOKEN_REVOKED'
  | 'TOKEN_NOT_YET'
  | 'TOKEN_EXPIRED'
  | 'OTHER_PROJECT'
  | 'OTHER_CLUSTER'
  | 'OTHER_NAMESPACE'
  | 'OTHER_WORKLOAD'
  | 'OTHER_IMAGE'

/** Where and when a token is shown. */
export interface BreakGlassPlace {
  readonly project: ProjectId
  readonly cluster: ClusterKey
  readonly namespace: string
  readonly workload: ShownWorkload
  readonly now: Instant
}

/** Why claims whose seal is good do not count here and now; undefined where they do, for the images that they name. */
export function judgeClaims(claims: BreakGlassClaims, place: BreakGlassPlace): BreakGlassRefusal | undefined {
  if (claims.project !== place.project) return 'OTHER_PROJECT'
  if (claims.cluster !== place.cluster) return 'OTHER_CLUSTER'
  if (claims.namespace !== place.namespace) return 'OTHER_NAMESPACE'
  if (claims.workload !== undefined && !isBoundTo(claims.workload, place.workload)) return 'OTHER_WORKLOAD'
  if (place.now < claims.notBefore) return 'TOKEN_NOT_YET'
  return place.now < claims.expiresAt ? undefined : 'TOKEN_EXPIRED'
}

function isBoundTo(text: string, shown: ShownWorkload): boolean {
  const bound = parseBoundWorkload(text)
  return bound.ok && isOfWorkload(bound.value, shown)
}

const REFUSALS: Readonly<Record<BreakGlassRefusal, string>> = {
  TOKEN_ABSENT: `this cluster asks for an approved token in the annotation ${BREAK_GLASS_TOKEN_ANNOTATION}: countersign break-glass request`,
  TOKEN_MALFORMED: 'the token is cut or is none: copy it whole from countersign break-glass describe',
  TOKEN_FORGED: 'the token was not sealed by this project’s centre, or was edited: copy it again from countersign break-glass describe',
  TOKEN_REVOKED: 'the token was revoked: countersign break-glass describe says by whom',
  TOKEN_NOT_YET: 'the token does not count yet: compare the clocks of gate and centre',
  TOKEN_EXPIRED: 'the token has ended: ask for another with countersign break-glass request',
  OTHER_PROJECT: 'the token is another project’s',
  OTHER_CLUSTER: 'the token is for another cluster',
  OTHER_NAMESPACE: 'the token is for another namespace',
  OTHER_WORKLOAD: 'the token is for one workload, and nothing here proves that this is made for it: put it into that workload’s template',
  OTHER_IMAGE: 'the token is for other images than those that may not run',
}

/** Why a mark does not count, in a sentence with the next step. */
export function explainBreakGlassRefusal(refusal: BreakGlassRefusal): string {
  return REFUSALS[refusal]
}
