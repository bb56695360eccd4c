import type { BreakGlassMark, WorkloadImage } from '../admission/request.ts'
import type { JsonObject } from '../json-object.ts'
import { isJsonObject } from '../json-object.ts'
import type { Parsed } from '../parsed.ts'
import { findImages, type FoundImages } from './images.ts'
import { findPods, type PodPlace } from './pod.ts'

/** The documented mark: a label on the Pod or in the Pod template (binary-authorization.md §6.5). */
export const BREAK_GLASS_LABEL = 'image-policy.k8s.io/break-glass'
/** The legacy mark, which still works, and the only one that an ImageReview can carry. */
export const BREAK_GLASS_ANNOTATION = 'alpha.image-policy.k8s.io/break-glass'

/** The namespace that an object names, if any: a request's own namespace goes before it. */
export function findNamespace(object: unknown): string | undefined {
  const metadata = isJsonObject(object) ? object['metadata'] : undefined
  const namespace = isJsonObject(metadata) ? metadata['namespace'] : undefined
  return typeof namespace === 'string' && namespace !== '' ? namespace : undefined
}

/**
 * The service account under which an object's Pods run, with the API server's own defaults: `serviceAccountName`, else
 * its deprecated alias `serviceAccount`, else `default`. Undefined where the object does not say: no Pod, several, or the
 * 1.20 kind EphemeralContainers, which shows only the new containers.
 */
export function findServiceAccount(object: unknown): string | undefined {
  const found = findPods(object)
  const pod = found.ok && found.value.pods.length === 1 ? found.value.pods[0] : undefined
  if (pod === undefined || pod.specPath === '') return undefined
  return serviceAccountOf(pod)
}

/** The service account under which one Pod runs. */
export function serviceAccountOf(pod: PodPlace): string {
  for (const member of ['serviceAccountName', 'serviceAccount']) {
    const name = pod.spec[member]
    if (typeof name === 'string' && name !== '') return name
  }
  return 'default'
}

/**
 * Finds the mark by which a Pod, or every Pod of a template, asks to be let in regardless: the label, else the legacy
 * annotation, with exactly the text `true`. Marks on a controller's own metadata do not reach its Pods and do not count.
 */
export function findBreakGlass(object: unknown): BreakGlassMark | undefined {
  const found = findPods(object)
  const pod = found.ok && found.value.pods.length === 1 ? found.value.pods[0] : undefined
  return pod && breakGlassOf(pod)
}

/** The mark of one Pod. */
export function breakGlassOf(pod: PodPlace): BreakGlassMark | undefined {
  return findMark(pod.metadata, 'labels', BREAK_GLASS_LABEL, 'LABEL') ?? findMark(pod.metadata, 'annotations', BREAK_GLASS_ANNOTATION, 'ANNOTATION')
}

/** Finds the mark among the annotations of an ImageReview, which carries no labels. */
export function findBreakGlassAnnotation(annotations: unknown): BreakGlassMark | undefined {
  return findMark({ annotations }, 'annotations', BREAK_GLASS_ANNOTATION, 'ANNOTATION')
}

/**
 * The image texts that an UPDATE leaves as they were: each stands in the old object in every kind of field in which it
 * stands in the new one. An image that moves from an init container to an ephemeral one is new there. An old object that
 * cannot be read leaves nothing unchanged.
 */
export function findUnchangedImages(images: readonly WorkloadImage[], oldObject: unknown): readonly string[] {
  return findUnchanged(images, findImages(oldObject))
}

/** The same, where the old object's images were found already. */
export function findUnchanged(images: readonly WorkloadImage[], old: Parsed<FoundImages>): readonly string[] {
  if (!old.ok) return []
  const before = new Set(old.value.images.map(placeOf))
  const unchanged = new Set(images.map((image) => image.text))
  for (const image of images) if (!before.has(placeOf(image))) unchanged.delete(image.text)
  return [...unchanged]
}

function placeOf(image: WorkloadImage): string {
  return `${image.containerType} ${image.text}`
}

function findMark(metadata: JsonObject, member: 'labels' | 'annotations', key: string, via: BreakGlassMark['via']): BreakGlassMark | undefined {
  const marks = metadata[member]
  const value = isJsonObject(marks) && Object.hasOwn(marks, key) ? marks[key] : undefined
  return value === 'true' ? { via, key, value } : undefined
}
