import type { JsonObject } from '../json-object.ts'
import { isJsonObject } from '../json-object.ts'
import type { Issue, Parsed } from '../parsed.ts'

/** The place inside an object where a Pod is described: the Pod itself, or the template from which a controller makes it. */
export interface PodPlace {
  /** Path to `spec` inside the object: `spec.template.spec`. Empty for the 1.20 kind EphemeralContainers, which has no spec. */
  readonly specPath: string
  /** The Pod's or the template's metadata; absent members mean that it carries none. */
  readonly metadata: JsonObject
  readonly spec: JsonObject
}

/** `recognized` tells a kind that holds no Pod (a ConfigMap, a Scale) from a workload that names no image. */
export interface FoundPods {
  readonly recognized: boolean
  readonly pods: readonly PodPlace[]
}

/**
 * Every kind of Kubernetes that holds a Pod, and the path to the part with `metadata` and `spec`; by API group, whatever
 * the version, because no version ever moved it. Read against the schema of Kubernetes 1.20 to 1.36.
 */
export const POD_PATHS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  '': { Pod: [], PodTemplate: ['template'], ReplicationController: ['spec', 'template'] },
  apps: {
    DaemonSet: ['spec', 'template'],
    Deployment: ['spec', 'template'],
    ReplicaSet: ['spec', 'template'],
    StatefulSet: ['spec', 'template'],
  },
  // Removed in 1.16, still found in manifests and in old clusters.
  extensions: { DaemonSet: ['spec', 'template'], Deployment: ['spec', 'template'], ReplicaSet: ['spec', 'template'] },
  batch: { Job: ['spec', 'template'], CronJob: ['spec', 'jobTemplate', 'spec', 'template'] },
}

const MAX_ITEMS = 10_000

/**
 * Finds the Pod or Pod template of a Kubernetes object, or of every item of a list (`List`, `PodList`, …). Whatever is not
 * shaped as its kind says is an issue: a checker that passes over what it cannot read lets it in.
 */
export function findPods(object: unknown): Parsed<FoundPods> {
  if (!isJsonObject(object)) return wrong([], `Expected a Kubernetes object, got ${typeName(object)}`)
  const issues: Issue[] = []
  const pods: PodPlace[] = []
  const recognized = isListKind(object) ? addItems(object, pods, issues) : addPod(object, [], pods, issues)
  return issues.length === 0 ? { ok: true, value: { recognized, pods } } : { ok: false, issues }
}

/**
 * The items of a list (`List`, `PodList`, …), each with what the list's own kind says of it; undefined for what is no list. Only
 * the kind makes a list: a Pod with a member `items` is a Pod.
 */
export function itemsOf(object: unknown): readonly unknown[] | undefined {
  if (!isJsonObject(object) || !isListKind(object)) return undefined
  const items = object['items'] ?? []
  if (!Array.isArray(items)) return undefined
  // The items of a typed list may leave out what the list's own kind says.
  const kind = itemKind(object)
  const inherited: JsonObject = kind === '' ? {} : { apiVersion: object['apiVersion'], kind }
  return items.map((item: unknown) => (isJsonObject(item) ? { ...inherited, ...item } : item))
}

/** Whether objects of this kind hold a Pod, by `apiVersion` and `kind` as an object names them. */
export function isPodKind(apiVersion: string, kind: string): boolean {
  return (kind === 'EphemeralContainers' && apiVersion === 'v1') || podPath({ apiVersion, kind }) !== undefined
}

/** The JSON type of a value, for messages. */
export function typeName(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`
}

/** `List`, or the typed list of a kind that holds Pods. Custom kinds may be called `AllowList` and hold anything. */
function isListKind(object: JsonObject): boolean {
  return object['kind'] === 'List' || podPath({ apiVersion: object['apiVersion'], kind: itemKind(object) }) !== undefined
}

function itemKind(list: JsonObject): string {
  const kind = list['kind']
  return typeof kind === 'string' && kind.endsWith('List') ? kind.slice(0, -'List'.length) : ''
}

function addItems(list: JsonObject, pods: PodPlace[], issues: Issue[]): boolean {
  const items = itemsOf(list)
  if (items === undefined) return report(issues, ['items'], `Expected a list, got ${typeName(list['items'])}`)
  if (items.length > MAX_ITEMS) return report(issues, ['items'], `Expected at most ${MAX_ITEMS} items, got ${items.length}`)
  let recognized = itemKind(list) !== ''
  for (const [index, item] of items.entries()) {
    if (!isJsonObject(item)) report(issues, ['items', index], `Expected a Kubernetes object, got ${typeName(item)}`)
    else if (isListKind(item)) report(issues, ['items', index, 'kind'], 'A list inside a list is not a Kubernetes object')
    else recognized = addPod(item, ['items', index], pods, issues) || recognized
  }
  return recognized
}

function addPod(object: JsonObject, at: Issue['path'], pods: PodPlace[], issues: Issue[]): boolean {
  for (const member of ['apiVersion', 'kind']) {
    if (typeof object[member] !== 'string') return report(issues, [...at, member], `Expected a text, got ${typeName(object[member])}`)
  }
  if (object['kind'] === 'EphemeralContainers' && object['apiVersion'] === 'v1') {
    pods.push({ specPath: formatStep(at), metadata: memberObject(object, 'metadata', at, issues), spec: object })
    return true
  }
  const path = podPath(object)
  if (path === undefined) return false
  const walked = [...at]
  let holder = object
  for (const step of path) {
    const next = holder[step]
    walked.push(step)
    if (!isJsonObject(next)) return report(issues, walked, `Expected an object, got ${typeName(next)}`)
    holder = next
  }
  const spec = holder['spec']
  if (!isJsonObject(spec)) return report(issues, [...walked, 'spec'], `Expected an object, got ${typeName(spec)}`)
  pods.push({ specPath: formatStep([...walked, 'spec']), metadata: memberObject(holder, 'metadata', walked, issues), spec })
  return true
}

function podPath(object: JsonObject): readonly string[] | undefined {
  const { apiVersion, kind } = object
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return undefined
  const slash = apiVersion.indexOf('/')
  const group = slash === -1 ? '' : apiVersion.slice(0, slash)
  const kinds = Object.hasOwn(POD_PATHS, group) ? POD_PATHS[group] : undefined
  return kinds !== undefined && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined
}

function memberObject(holder: JsonObject, member: string, at: Issue['path'], issues: Issue[]): JsonObject {
  const value = holder[member] ?? {}
  if (isJsonObject(value)) return value
  report(issues, [...at, member], `Expected an object, got ${typeName(value)}`)
  return {}
}

function formatStep(path: Issue['path']): string {
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('')
}

function report(issues: Issue[], path: Issue['path'], message: string): false {
  issues.push({ path, message })
  return false
}

function wrong(path: Issue['path'], message: string): Parsed<never> {
  return { ok: false, issues: [{ path, message }] }
}
