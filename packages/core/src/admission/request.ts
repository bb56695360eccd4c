import type { BreakGlassClaims, BreakGlassRefusal } from '../break-glass/grant.ts'
import type { ImageReference } from '../image/reference.ts'
import type { ProjectId } from '../name/resource-name.ts'
import type { WorkloadScope } from '../policy/policy.ts'

/** The kinds of place where the Kubernetes schema has an image. */
export type ContainerType = 'CONTAINER' | 'INIT_CONTAINER' | 'EPHEMERAL_CONTAINER' | 'IMAGE_VOLUME'

/** One image of a workload, where it stands and how it was written. */
export interface WorkloadImage {
  /** The text as written; `reference` is absent where it is not a valid image reference. */
  readonly text: string
  readonly reference?: ImageReference
  readonly containerType: ContainerType
  /** Name of the container or volume; absent in an ImageReview. */
  readonly containerName?: string
  /** Path inside the object: `spec.template.spec.containers[0].image`. */
  readonly fieldPath: string
}

/** How a workload asks to be let in regardless (binary-authorization.md §6.5). */
export interface BreakGlassMark {
  readonly via: 'LABEL' | 'ANNOTATION'
  readonly key: string
  readonly value: string
  /** Where the cluster asks for a token: the grant of the one that was shown and verified, never the token itself. */
  readonly grant?: Pick<BreakGlassClaims, 'id' | 'subject' | 'expiresAt'>
  /** Where the cluster asks for a token: why the mark does not count. */
  readonly refused?: BreakGlassRefusal
}

/**
 * What is asked of the law: an allowlisted projection of an admission request. It never holds environment variables,
 * secrets or the last-applied annotation.
 */
export interface AdmissionRequest {
  readonly uid: string
  /** ADMISSION_REVIEW and EVALUATION can carry everything; an IMAGE_REVIEW has no service account, labels or image volumes. */
  readonly source: 'ADMISSION_REVIEW' | 'IMAGE_REVIEW' | 'EVALUATION'
  readonly project: ProjectId
  readonly scope: WorkloadScope
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'
  readonly workload: {
    readonly apiVersion: string
    readonly kind: string
    readonly name: string
    readonly generateName?: string
    /** Plural resource and subresource as in the API path: `pods`, `ephemeralcontainers`. */
    readonly resource?: string
    readonly subresource?: string
  }
  readonly images: readonly WorkloadImage[]
  /** Images that an UPDATE leaves as they were: never judged, so that a label change cannot be blocked. */
  readonly unchangedImages: readonly string[]
  readonly breakGlass?: BreakGlassMark
  /** Who asked, as the API server says. */
  readonly user?: { readonly username: string; readonly groups?: readonly string[] }
  /** A server-side dry run: judged like any other, but it leaves no record. */
  readonly serverDryRun: boolean
}
