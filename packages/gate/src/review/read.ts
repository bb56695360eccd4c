import type { AdmissionRequest } from '@countersign/core/admission/request.ts'
import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import { formatIssue, type Issue, type Parsed } from '@countersign/core/parsed.ts'
import { type CustomKinds, NO_CUSTOM_KINDS } from '@countersign/core/workload/custom.ts'
import type { RegisteredCluster } from '../ports.ts'
import { readAdmissionReview } from './admission-review.ts'
import { ADMISSION_API, findIdentity, IMAGE_API, type ReviewIdentity } from './identity.ts'
import { readImageReview } from './image-review.ts'
import { REVIEW_PLAN } from './reading-plan.ts'
import { readSelected } from './selective-json.ts'
import { parseStrictJson } from './strict-json.ts'

/** What a body turned out to be. */
export type ReadReview =
  | { readonly outcome: 'JUDGE'; readonly identity: ReviewIdentity; readonly request: AdmissionRequest }
  /** A deletion, a status, a thing without images: allowed, because no rule speaks of it. */
  | { readonly outcome: 'NOTHING_TO_JUDGE'; readonly identity: ReviewIdentity }
  /** Malformed or hostile: refused, never decided. Without an identity nobody could take an answer for a verdict. */
  | { readonly outcome: 'REFUSE'; readonly identity?: ReviewIdentity; readonly message: string }

export interface ReadOptions {
  readonly cluster: RegisteredCluster
  readonly maxDepth: number
  /** Custom kinds that name images. */
  readonly custom?: CustomKinds
  /** Names an ImageReview, which has no uid of its own. */
  readonly uuid: () => string
}

/** Reads an AdmissionReview v1 or an ImageReview v1alpha1, told apart by kind, from the bytes received. */
export function readReview(bytes: Uint8Array, options: ReadOptions): ReadReview {
  const parsed = parseReview(bytes, options.maxDepth)
  if (!parsed.ok) return refuse(findIdentity(bytes), parsed.issues)
  const review = parsed.value
  if (!isJsonObject(review)) return refuse(undefined, [{ path: [], message: 'Expected an AdmissionReview or an ImageReview' }])
  if (review['kind'] === 'AdmissionReview') return readOwn(bytes, readAdmission(review, options), ADMISSION_API, review)
  if (review['kind'] === 'ImageReview') return readOwn(bytes, readImages(review, options), IMAGE_API, review)
  return refuse(findIdentity(bytes), [{ path: ['kind'], message: 'Expected AdmissionReview or ImageReview' }])
}

/** What the selective reader is sure of; all else is the careful reader's to read or to refuse. */
function parseReview(bytes: Uint8Array, maxDepth: number): Parsed<unknown> {
  const selected = readSelected(bytes, REVIEW_PLAN, maxDepth)
  return selected === undefined ? parseStrictJson(bytes, maxDepth) : { ok: true, value: selected.value }
}

type Shape =
  | (ReadReview & { readonly identity: ReviewIdentity })
  | { readonly outcome: 'WRONG'; readonly identity?: ReviewIdentity; readonly issues: readonly Issue[] }

function readOwn(bytes: Uint8Array, shape: Shape, api: string, review: JsonObject): ReadReview {
  const issues = shape.outcome === 'WRONG' ? shape.issues : []
  const version: readonly Issue[] = review['apiVersion'] === api ? [] : [{ path: ['apiVersion'], message: `Expected ${api}` }]
  if (issues.length + version.length > 0) return refuse(shape.identity ?? findIdentity(bytes), [...version, ...issues])
  return shape.outcome === 'WRONG' ? refuse(shape.identity, shape.issues) : shape
}

function readAdmission(review: JsonObject, options: ReadOptions): Shape {
  const uid = isJsonObject(review['request']) ? review['request']['uid'] : undefined
  if (typeof uid !== 'string' || uid === '' || uid.length > 128 || !uid.isWellFormed()) {
    return { outcome: 'WRONG', issues: [{ path: ['request', 'uid'], message: 'Expected a text of 1 to 128 characters' }] }
  }
  const identity: ReviewIdentity = { kind: 'AdmissionReview', apiVersion: ADMISSION_API, uid }
  const read = readAdmissionReview(review['request'] as JsonObject, uid, { cluster: options.cluster, custom: options.custom ?? NO_CUSTOM_KINDS })
  return shapeOf(identity, read)
}

function readImages(review: JsonObject, options: ReadOptions): Shape {
  return shapeOf({ kind: 'ImageReview', apiVersion: IMAGE_API }, readImageReview(review['spec'], options.uuid(), options.cluster))
}

function shapeOf(identity: ReviewIdentity, read: ReturnType<typeof readAdmissionReview>): Shape {
  if (!read.ok) return { outcome: 'WRONG', identity, issues: read.issues }
  return read.value === 'NOTHING_TO_JUDGE' ? { outcome: 'NOTHING_TO_JUDGE', identity } : { outcome: 'JUDGE', identity, request: read.value }
}

function refuse(identity: ReviewIdentity | undefined, issues: readonly Issue[]): ReadReview {
  const shown = issues.slice(0, 5).map(formatIssue).join('; ')
  const message = `Countersign cannot read the review: ${shown}`
  return identity === undefined ? { outcome: 'REFUSE', message } : { outcome: 'REFUSE', identity, message }
}
