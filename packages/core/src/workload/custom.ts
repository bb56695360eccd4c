import type { JsonObject } from '../json-object.ts'
import { isJsonObject } from '../json-object.ts'
import type { Parsed } from '../parsed.ts'
import { addImage, finishWalk, type FoundImages, isFull, newWalk, report, walkPod, type Walk } from './images.ts'
import type { ImagePath } from './image-path.ts'
import { type PodPlace, typeName } from './pod.ts'

/** The paths of the custom kinds that are looked into, by `apiVersion kind`. */
export type CustomKinds = ReadonlyMap<string, readonly ImagePath[]>

/** Where nothing is looked into. */
export const NO_CUSTOM_KINDS: CustomKinds = new Map()

/** Files paths under the kinds that they speak of. */
export function compileCustomKinds(paths: readonly ImagePath[]): CustomKinds {
  return Map.groupBy(paths, ({ apiVersion, kind }) => `${apiVersion} ${kind}`)
}

/** The paths for an object of a custom kind; undefined for every other. */
export function findCustomPaths(object: JsonObject, kinds: CustomKinds): readonly ImagePath[] | undefined {
  return kinds.size === 0 ? undefined : kinds.get(`${String(object['apiVersion'])} ${String(object['kind'])}`)
}

/**
 * Finds the images of a custom resource. A member that is not there ends its path in silence, because these kinds leave out what others
 * stand in for (a Rollout with `workloadRef`, a step with `ref`), and so does a text with `$(…)`, which is filled in later: their Pods
 * are judged when they come. A member of another shape than the path says is an issue.
 */
export function findCustomImages(object: JsonObject, paths: readonly ImagePath[]): Parsed<FoundImages> {
  const walk = newWalk()
  visit(object, paths, walk, {
    image: (text, fieldPath) => {
      if (!text.includes('$(')) addImage(walk, { text, containerType: 'CONTAINER', fieldPath })
    },
    pod: (pod) => walkPod(pod, walk),
  })
  return finishWalk(walk, { recognized: true })
}

/** The PodSpecs of a custom resource, as far as its paths lead to whole ones. */
export function findCustomPods(object: JsonObject, paths: readonly ImagePath[]): readonly PodPlace[] {
  const pods: PodPlace[] = []
  visit(object, paths, newWalk(), { image: () => undefined, pod: (pod) => void pods.push(pod) })
  return pods
}

interface Found {
  readonly image: (text: string, fieldPath: string) => void
  readonly pod: (pod: PodPlace) => void
}

interface Place {
  readonly value: unknown
  readonly path: string
  /** The object around `value`. */
  readonly holder: JsonObject
}

function visit(object: JsonObject, paths: readonly ImagePath[], walk: Walk, found: Found): void {
  for (const path of paths) descend({ value: object, path: '', holder: object }, { path, at: 0 }, { walk, found })
}

interface Visit {
  readonly walk: Walk
  readonly found: Found
}

function descend(place: Place, { path, at }: { readonly path: ImagePath; readonly at: number }, visit: Visit): void {
  const { value, path: walked } = place
  if (isFull(visit.walk) || value === undefined || value === null) return
  const step = path.steps[at]
  if (step === undefined) return reach(place, path, visit)
  if (step === 'EACH') {
    if (!Array.isArray(value)) return report(visit.walk, walked, `Expected a list, got ${typeName(value)}`)
    for (const [index, item] of value.entries()) descend({ ...place, value: item, path: `${walked}[${index}]` }, { path, at: at + 1 }, visit)
    return
  }
  if (!isJsonObject(value)) return report(visit.walk, walked, `Expected an object, got ${typeName(value)}`)
  const next = Object.hasOwn(value, step.field) ? value[step.field] : undefined
  descend({ value: next, path: walked === '' ? step.field : `${walked}.${step.field}`, holder: value }, { path, at: at + 1 }, visit)
}

function reach({ value, path, holder }: Place, { holds }: ImagePath, { walk, found }: Visit): void {
  if (holds === 'IMAGE') {
    if (typeof value !== 'string') return report(walk, path, `Expected an image reference, got ${typeName(value)}`)
    if (value !== '') found.image(value, path)
    return
  }
  if (!isJsonObject(value)) return report(walk, path, `Expected a PodSpec, got ${typeName(value)}`)
  const metadata = holder['metadata']
  found.pod({ specPath: path, metadata: isJsonObject(metadata) ? metadata : {}, spec: value })
}
