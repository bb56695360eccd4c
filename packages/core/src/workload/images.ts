import type { ContainerType, WorkloadImage } from '../admission/request.ts'
import { parseImageReference } from '../image/reference.ts'
import type { JsonObject } from '../json-object.ts'
import { isJsonObject } from '../json-object.ts'
import type { Issue, Parsed } from '../parsed.ts'
import { findPods, typeName } from './pod.ts'
import type { PodPlace } from './pod.ts'

/** The images of an object; `recognized` is false for a kind that holds no Pod. */
export interface FoundImages {
  readonly recognized: boolean
  readonly images: readonly WorkloadImage[]
}

export interface ImageField {
  readonly list: string
  readonly steps: readonly string[]
  readonly type: ContainerType
}

/**
 * The fields of a PodSpec that name an image: the list, and the steps from its item to the text. Complete for Kubernetes
 * 1.20 to 1.36 (image volumes came with 1.31); `images.test.ts` fails when the schema grows another one.
 */
export const IMAGE_FIELDS: readonly ImageField[] = [
  { list: 'containers', steps: ['image'], type: 'CONTAINER' },
  { list: 'initContainers', steps: ['image'], type: 'INIT_CONTAINER' },
  { list: 'ephemeralContainers', steps: ['image'], type: 'EPHEMERAL_CONTAINER' },
  { list: 'volumes', steps: ['image', 'reference'], type: 'IMAGE_VOLUME' },
]

/** More than any real workload has, few enough to be judged within a deadline. */
export const MAX_IMAGES = 2_000
const MAX_ISSUES = 100

/** What a walk through an object has found so far. */
export interface Walk {
  readonly images: WorkloadImage[]
  readonly issues: Issue[]
}

/** A walk that has found nothing yet. */
export function newWalk(): Walk {
  return { images: [], issues: [] }
}

/** What a walk found; its issues, where there are any. */
export function finishWalk({ images, issues }: Walk, { recognized }: Pick<FoundImages, 'recognized'>): Parsed<FoundImages> {
  return issues.length > 0 ? { ok: false, issues } : { ok: true, value: { recognized, images } }
}

/**
 * Finds every image of a Kubernetes object, in the order of IMAGE_FIELDS: a Pod, a workload with a template, or a list of
 * them. A text that is no valid image reference is an image without `reference`; a container without a text is an issue,
 * never passed over. An image volume of a template may name no image yet: its Pod is judged when it does.
 */
export function findImages(object: unknown): Parsed<FoundImages> {
  const found = findPods(object)
  if (!found.ok) return found
  const walk = newWalk()
  for (const pod of found.value.pods) walkPod(pod, walk)
  return finishWalk(walk, found.value)
}

/** Finds the images of one PodSpec. */
export function walkPod(pod: PodPlace, walk: Walk): void {
  for (const field of IMAGE_FIELDS) {
    const items = pod.spec[field.list]
    if (items === undefined || items === null) continue
    const path = pod.specPath === '' ? field.list : `${pod.specPath}.${field.list}`
    if (Array.isArray(items)) walkList(items, field, path, walk)
    else report(walk, path, `Expected a list, got ${typeName(items)}`)
  }
}

function walkList(items: readonly unknown[], field: ImageField, path: string, walk: Walk): void {
  for (let index = 0; index < items.length; index++) {
    if (isFull(walk)) return
    const item = items[index]
    if (isJsonObject(item)) walkItem(item, field, `${path}[${index}]`, walk)
    else report(walk, `${path}[${index}]`, `Expected an object, got ${typeName(item)}`)
  }
}

function walkItem(item: JsonObject, field: ImageField, path: string, walk: Walk): void {
  const optional = field.type === 'IMAGE_VOLUME'
  let value: unknown = item
  let fieldPath = path
  for (const step of field.steps) {
    if (!isJsonObject(value)) return report(walk, fieldPath, `Expected an object, got ${typeName(value)}`)
    value = value[step]
    fieldPath += `.${step}`
    if (optional && (value === undefined || value === null || value === '')) return
  }
  if (typeof value !== 'string') return report(walk, fieldPath, `Expected an image reference, got ${typeName(value)}`)
  if (value === '') return report(walk, fieldPath, 'Expected an image reference, got an empty text')
  const named = typeof item['name'] === 'string' ? { containerName: item['name'] } : {}
  addImage(walk, { text: value, containerType: field.type, ...named, fieldPath })
}

/** Adds an image that was found, with its reference where its text is one. */
export function addImage(walk: Walk, { text, ...place }: Omit<WorkloadImage, 'reference'>): void {
  const reference = parseImageReference(text)
  walk.images.push({ text, ...(reference.ok ? { reference: reference.value } : {}), ...place })
}

/** Whether a walk has found all that it may find. */
export function isFull(walk: Walk): boolean {
  if (walk.issues.length >= MAX_ISSUES) return true
  if (walk.images.length < MAX_IMAGES) return false
  if (walk.issues.at(-1)?.path.length !== 0) report(walk, '', `Expected at most ${MAX_IMAGES} images`)
  return true
}

/** Reports what is not shaped as it should be; `path` as in `fieldPath`. */
export function report(walk: Walk, path: string, message: string): void {
  walk.issues.push({ path: path === '' ? [] : splitPath(path), message })
}

/** `spec.containers[0].image` as steps. Field names come from the tables above, never from input. */
function splitPath(path: string): Issue['path'] {
  return path
    .split(/[.[\]]+/)
    .filter((step) => step !== '')
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step))
}
