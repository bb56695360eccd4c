import type { Issue, Parsed } from '../parsed.ts'
import { quote } from '../quote.ts'
import { type ImagePath, parseImagePath } from './image-path.ts'
import { IMAGE_PATH_PRESETS, isImagePathPreset } from './image-path-presets.ts'

/** What is done about a workload whose Pods would be refused: it is refused, admitted with a warning, or not looked at. */
export type WorkloadsMode = 'deny' | 'warn' | 'ignore'

/** What is asked about for one cluster beside its Pods. */
export interface ClusterSettings {
  /** Absent: nobody chose. Then the cluster is told to ask about Pods alone, as the original; a workload that is asked about all the same is judged. */
  readonly workloads?: WorkloadsMode
  /** Where custom resources name images: paths as `parseImagePath()` reads them, or names of presets. */
  readonly imagePaths: readonly string[]
  /** Whether Knative Services that carry Cloud Run's annotation are judged as Cloud Run does. */
  readonly knative: boolean
  /** Whether Pods' tags may be pinned to digests on their way in. */
  readonly pinTags: boolean
}

/** What nobody chose otherwise. */
export const NO_SETTINGS: ClusterSettings = { imagePaths: [], knative: false, pinTags: false }

/** Knative's own Service, whose template is a Pod's. */
const KNATIVE_SERVICE_PATH = 'serving.knative.dev/v1/Service:spec.template.spec@PodSpec'

const MODES: readonly string[] = ['deny', 'warn', 'ignore'] satisfies WorkloadsMode[]
const MAX_PATHS = 64

/** Reads settings as a caller or the store gives them; an empty `workloads` is none. */
export function parseClusterSettings(given: {
  readonly workloads: string
  readonly imagePaths: readonly string[]
  readonly knative: boolean
  readonly pinTags: boolean
}): Parsed<ClusterSettings> {
  const { workloads, knative, pinTags } = given
  const imagePaths = [...new Set(given.imagePaths)]
  const issues: Issue[] = []
  if (workloads !== '' && !isMode(workloads)) {
    issues.push({ path: ['workloads'], message: `Workloads mode ${quote(workloads)} is not valid: expected deny, warn or ignore` })
  }
  if (imagePaths.length > MAX_PATHS) {
    issues.push({ path: ['imagePaths'], message: `A cluster has at most ${MAX_PATHS} image paths, got ${imagePaths.length}` })
  }
  for (const [index, text] of imagePaths.slice(0, MAX_PATHS).entries()) {
    const parsed = isImagePathPreset(text) ? undefined : parseImagePath(text)
    if (parsed?.ok === false) {
      const presets = Object.keys(IMAGE_PATH_PRESETS).join(' or ')
      issues.push(...parsed.issues.map(({ message }) => ({ message: `${message}; or ${presets}`, path: ['imagePaths', index] })))
    }
  }
  if (issues.length > 0) return { ok: false, issues }
  return { ok: true, value: { ...(isMode(workloads) ? { workloads } : {}), imagePaths, knative, pinTags } }
}

/** Every path that settings stand for, presets spelt out. A path that this version cannot read names nothing: its Pods are judged all the same. */
export function listImagePaths({ imagePaths, knative }: ClusterSettings): readonly ImagePath[] {
  const texts = imagePaths.flatMap((text) => (isImagePathPreset(text) ? IMAGE_PATH_PRESETS[text] : [text]))
  return [...texts, ...(knative ? [KNATIVE_SERVICE_PATH] : [])].flatMap((text) => {
    const parsed = parseImagePath(text)
    return parsed.ok ? [parsed.value] : []
  })
}

function isMode(text: string): text is WorkloadsMode {
  return MODES.includes(text)
}
