import type { AdmissionRequest } from '@countersign/core/admission/request.ts'
import { formatVisible } from '@countersign/core/admission/visible-text.ts'
import type { Timestamp } from '@countersign/core/instant.ts'
import type { Admission } from '../waiting-answer.ts'

/** One use of break-glass, for who must hear of it at once. Texts of the request are made visible; the record holds them as they came. */
export interface BreakGlassUse {
  readonly time: Timestamp
  readonly project: string
  readonly cluster: string
  readonly namespace: string
  readonly kind: string
  readonly apiVersion: string
  readonly name: string
  readonly user: string
  readonly mark: string
  /** The grant whose token was shown; absent where none is asked for. */
  readonly grant?: string
  readonly images: readonly string[]
  /** Images that would not have been let in without it; none where all was fine. */
  readonly overridden: readonly string[]
  readonly receiptDigest?: string
}

/** The use that an admission was; undefined where it was none, or only a server-side dry run. */
export function findBreakGlassUse(request: AdmissionRequest, { decision, receiptDigest }: Admission, time: Timestamp): BreakGlassUse | undefined {
  const { breakGlass, workload, scope, serverDryRun } = request
  if (decision.reason !== 'BREAK_GLASS' || breakGlass === undefined || serverDryRun) return undefined
  return {
    time,
    project: request.project,
    cluster: scope.cluster,
    namespace: formatVisible(scope.namespace),
    kind: formatVisible(workload.kind),
    apiVersion: formatVisible(workload.apiVersion),
    name: formatVisible(workload.name || (workload.generateName ?? '')),
    user: formatVisible(request.user?.username ?? ''),
    mark: breakGlass.key,
    ...(breakGlass.grant === undefined ? {} : { grant: breakGlass.grant.id }),
    images: decision.images.map(({ image }) => formatVisible(image)),
    overridden: decision.images.filter(({ result }) => result.outcome !== 'ALLOWED').map(({ image }) => formatVisible(image)),
    ...(receiptDigest === undefined ? {} : { receiptDigest }),
  }
}
