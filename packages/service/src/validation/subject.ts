import type { AdmissionRequest, WorkloadImage } from '@countersign/core/admission/request.ts'
import { parseImageReference } from '@countersign/core/image/reference.ts'
import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import type { ClusterKey, ProjectId } from '@countersign/core/name/resource-name.ts'
import type { Parsed } from '@countersign/core/parsed.ts'
import { findImages } from '@countersign/core/workload/images.ts'
import { itemsOf } from '@countersign/core/workload/pod.ts'
import { findBreakGlass, findNamespace, findServiceAccount } from '@countersign/core/workload/scope.ts'

/** A Kubernetes object (a list of them is judged item by item), or image texts as the containers of one Pod. */
export type EvaluationSubject = { readonly resource: unknown } | { readonly images: readonly string[] }

/** Where the workload would run, as far as the asker says. */
export interface EvaluationScope {
  readonly cluster: ClusterKey
  readonly trustDomain: string
  readonly namespace?: string
  readonly serviceAccount?: string
}

/** What one evaluation is about, and who asks. */
export interface EvaluationPlace {
  readonly project: ProjectId
  readonly scope: EvaluationScope
  readonly principal: string
}

interface LabelledRequest {
  readonly label: string
  readonly request: AdmissionRequest
}

const MAX_WORKLOADS = 1000
const MAX_IMAGES = 1000

/** Reads what shall be judged as one admission request for each workload. Objects without images are judged too: nothing is to be judged in them. */
export function readSubjects(subject: EvaluationSubject, place: EvaluationPlace): Parsed<readonly LabelledRequest[]> {
  return 'images' in subject ? readImages(subject.images, place) : readObjects(subject.resource, place)
}

function readImages(texts: readonly string[], place: EvaluationPlace): Parsed<readonly LabelledRequest[]> {
  if (texts.length === 0 || texts.length > MAX_IMAGES) return wrong(['images'], `${texts.length} images are given, expected 1 to ${MAX_IMAGES}`)
  const images = texts.map((text, index): WorkloadImage => {
    const reference = parseImageReference(text)
    return { text, ...(reference.ok ? { reference: reference.value } : {}), containerType: 'CONTAINER', fieldPath: `images[${index}]` }
  })
  const workload = { apiVersion: 'v1', kind: 'Pod', name: 'evaluation' }
  return { ok: true, value: [{ label: texts.join(', '), request: requestOf(place, { workload, images, object: {} }) }] }
}

function readObjects(resource: unknown, place: EvaluationPlace): Parsed<readonly LabelledRequest[]> {
  const items = itemsOf(resource)
  const objects = items ?? [resource]
  if (objects.length > MAX_WORKLOADS) return wrong(['resource', 'items'], `${objects.length} objects are given, expected at most ${MAX_WORKLOADS}`)
  const requests: LabelledRequest[] = []
  for (const [index, object] of objects.entries()) {
    const found = findImages(object)
    const path = items === undefined ? ['resource'] : ['resource', 'items', index]
    if (!found.ok) return { ok: false, issues: found.issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] })) }
    if (isJsonObject(object)) requests.push(readObject(object, found.value.images, place))
  }
  return { ok: true, value: requests }
}

function readObject(object: JsonObject, images: readonly WorkloadImage[], place: EvaluationPlace): LabelledRequest {
  const metadata = isJsonObject(object['metadata']) ? object['metadata'] : {}
  const workload = { apiVersion: textOf(object['apiVersion']), kind: textOf(object['kind']), name: textOf(metadata['name']) }
  return { label: `${workload.kind}/${workload.name}`, request: requestOf(place, { workload, images, object }) }
}

function requestOf(
  { project, scope, principal }: EvaluationPlace,
  read: { readonly workload: AdmissionRequest['workload']; readonly images: readonly WorkloadImage[]; readonly object: JsonObject },
): AdmissionRequest {
  const breakGlass = findBreakGlass(read.object)
  return {
    uid: 'evaluation',
    source: 'EVALUATION',
    project,
    operation: 'CREATE',
    workload: read.workload,
    images: read.images,
    unchangedImages: [],
    scope: {
      cluster: scope.cluster,
      trustDomain: scope.trustDomain,
      namespace: scope.namespace ?? findNamespace(read.object) ?? 'default',
      serviceAccount: scope.serviceAccount ?? findServiceAccount(read.object) ?? 'default',
    },
    ...(breakGlass === undefined ? {} : { breakGlass }),
    user: { username: principal },
    serverDryRun: true,
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function wrong(path: readonly string[], message: string): Parsed<never> {
  return { ok: false, issues: [{ path, message }] }
}
