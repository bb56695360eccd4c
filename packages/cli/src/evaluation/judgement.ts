import type { AdmissionDecision } from '@countersign/core/admission/decision.ts'
import type { ImageDigest } from '@countersign/core/image/reference.ts'

/** What was decided of one workload, and where it was read. */
export interface Judgement {
  /** `deploy/web.yaml:12`; empty for images that stood on the command line. */
  readonly source: string
  /** `Deployment/web`, or the images. */
  readonly subject: string
  readonly decision: AdmissionDecision
}

/** Something to judge: a Kubernetes object with its place, or images as the containers of one Pod. */
export type Subject = { readonly source: string; readonly resource: unknown } | { readonly source: string; readonly images: readonly string[] }

/** Where the workloads would run, as far as the asker says. */
export interface Place {
  readonly cluster?: string
  readonly namespace?: string
  readonly serviceAccount?: string
}

/** The subjects, and the digests of all their images. */
export interface Subjects {
  readonly subjects: readonly Subject[]
  readonly digests: readonly ImageDigest[]
}
