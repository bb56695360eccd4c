import type { AdmissionRequest } from '@countersign/core/admission/request.ts'
import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import type { Issue, Parsed } from '@countersign/core/parsed.ts'
import { findImages } from '@countersign/core/workload/images.ts'
import { isPodKind, type PodPlace, typeName } from '@countersign/core/workload/pod.ts'
import { isKnativeService, readCloudRun } from '@countersign/core/workload/cloud-run.ts'
import { type CustomKinds, findCustomImages, findCustomPaths, findCustomPods } from '@countersign/core/workload/custom.ts'
import type { ImagePath } from '@countersign/core/workload/image-path.ts'
import { breakGlassOf, findBreakGlass, findServiceAccount, findUnchanged, serviceAccountOf } from '@countersign/core/workload/scope.ts'
import type { RegisteredCluster } from '../ports.ts'
import { checkImages, readText } from './fields.ts'

const OPERATIONS: ReadonlySet<unknown> = new Set(['CREATE', 'UPDATE', 'DELETE', 'CONNECT'])

/**
 * Reads the `request` of an AdmissionReview v1 into what the law judges. Deletions, connections and the status subresource
 * are never judged, nor is what holds no image (binary-authorization.md §6.2). Every other subresource is: an object with
 * images is judged wherever it comes in.
 */
export function readAdmissionReview(
  review: JsonObject,
  uid: string,
  { cluster, custom }: { readonly cluster: RegisteredCluster; readonly custom: CustomKinds },
): Parsed<AdmissionRequest | 'NOTHING_TO_JUDGE'> {
  const operation = review['operation']
  if (!OPERATIONS.has(operation)) return wrong(['request', 'operation'], 'Expected CREATE, UPDATE, DELETE or CONNECT')
  const subresource = review['subResource']
  if (operation === 'DELETE' || operation === 'CONNECT' || subresource === 'status') return { ok: true, value: 'NOTHING_TO_JUDGE' }
  const object = review['object']
  if (!isJsonObject(object)) return wrong(['request', 'object'], `Expected an object, got ${typeName(object)}`)
  const paths = findCustomPaths(object, custom)
  const found = findAt(object, paths)
  if (!found.ok) return { ok: false, issues: found.issues.map((issue) => ({ ...issue, path: ['request', 'object', ...issue.path] })) }
  if (!found.value.recognized && namesPod(review)) return wrong(['request', 'object', 'kind'], 'Expected the Pod or workload that the request names')
  if (found.value.images.length === 0) return { ok: true, value: 'NOTHING_TO_JUDGE' }
  return project(review, object, { uid, cluster, images: found.value.images, paths })
}

interface Found {
  readonly uid: string
  readonly cluster: RegisteredCluster
  readonly images: AdmissionRequest['images']
  /** Of a custom kind. */
  readonly paths: readonly ImagePath[] | undefined
}

function findAt(object: JsonObject, paths: readonly ImagePath[] | undefined): ReturnType<typeof findImages> {
  if (paths === undefined) return findImages(object)
  if (!isKnativeService({ apiVersion: object['apiVersion'], kind: object['kind'] })) return findCustomImages(object, paths)
  const ask = readCloudRun(object)
  if (ask.outcome === 'WRONG') return wrong(['metadata', 'annotations'], ask.message)
  return ask.outcome === 'NOT_ASKED' ? { ok: true, value: { recognized: true, images: [] } } : findCustomImages(object, paths)
}

/** Cloud Run's own mark stands on the Service, every other on the Pod that it describes. */
function findMark(object: JsonObject, only: PodPlace | undefined): AdmissionRequest['breakGlass'] {
  if (only === undefined) return findBreakGlass(object)
  const ask = isKnativeService({ apiVersion: object['apiVersion'], kind: object['kind'] }) ? readCloudRun(object) : undefined
  return (ask?.outcome === 'CHECK' ? ask.breakGlass : undefined) ?? breakGlassOf(only)
}

function project(review: JsonObject, object: JsonObject, found: Found): Parsed<AdmissionRequest> {
  const issues: Issue[] = []
  const request = { path: ['request'], issues }
  const metadata = { path: ['request', 'object', 'metadata'], issues }
  const described = isJsonObject(object['metadata']) ? object['metadata'] : {}
  checkKind(review['kind'], object, issues)
  checkImages(found.images, issues)
  const namespace = readText(review, 'namespace', request) || readText(described, 'namespace', metadata)
  const name = readText(review, 'name', request) || readText(described, 'name', metadata)
  const generateName = readText(described, 'generateName', metadata)
  const resource = isJsonObject(review['resource']) ? readText(review['resource'], 'resource', { path: ['request', 'resource'], issues }) : ''
  const subresource = readText(review, 'subResource', request)
  const user = isJsonObject(review['userInfo']) ? readText(review['userInfo'], 'username', { path: ['request', 'userInfo'], issues }) : ''
  const [pod, second] = found.paths === undefined ? [] : findCustomPods(object, found.paths)
  const only = second === undefined ? pod : undefined
  const serviceAccount = only === undefined ? findServiceAccount(object) : serviceAccountOf(only)
  const breakGlass = findMark(object, only)
  const operation = review['operation'] === 'UPDATE' ? 'UPDATE' : 'CREATE'
  if (issues.length > 0) return { ok: false, issues }
  return {
    ok: true,
    value: {
      uid: found.uid,
      source: 'ADMISSION_REVIEW',
      project: found.cluster.project,
      scope: {
        cluster: found.cluster.key,
        trustDomain: found.cluster.trustDomain,
        namespace,
        ...(serviceAccount === undefined ? {} : { serviceAccount }),
      },
      operation,
      workload: {
        apiVersion: String(object['apiVersion']),
        kind: String(object['kind']),
        name,
        ...(generateName === '' ? {} : { generateName }),
        ...(resource === '' ? {} : { resource }),
        ...(subresource === '' ? {} : { subresource }),
      },
      images: found.images,
      unchangedImages: operation === 'UPDATE' ? leftAlone(found, object, review['oldObject']) : [],
      ...(breakGlass === undefined ? {} : { breakGlass }),
      ...(user === '' ? {} : { user: { username: user } }),
      serverDryRun: review['dryRun'] === true,
    },
  }
}

/** Subresources of a Pod through which the Pod itself is written; the others (binding, eviction) carry objects of their own kind. */
const POD_ITSELF: ReadonlySet<unknown> = new Set([undefined, null, '', 'ephemeralcontainers', 'resize'])

/**
 * Whether the request says, by kind or by resource, that a Pod or a workload is written. An object that then turns out to be
 * of a kind without a Pod is no object that an API server sends: it is refused, not passed over.
 */
function namesPod({ kind, resource, subResource }: JsonObject): boolean {
  const isPods = isJsonObject(resource) && (resource['group'] ?? '') === '' && resource['resource'] === 'pods' && POD_ITSELF.has(subResource)
  if (isPods || !isJsonObject(kind)) return isPods
  const { group, version, kind: name } = kind
  const named = typeof version === 'string' && typeof name === 'string'
  return named && isPodKind(typeof group === 'string' && group !== '' ? `${group}/${version}` : version, name)
}

/** What an UPDATE leaves as it was; an old object of another kind tells nothing of it. */
function leftAlone({ images, paths }: Found, object: JsonObject, old: unknown): readonly string[] {
  const same = isJsonObject(old) && old['apiVersion'] === object['apiVersion'] && old['kind'] === object['kind']
  return same ? findUnchanged(images, findAt(old, paths)) : []
}

/** The object must be what the request says it is: a reader that goes by the one must see what a reader of the other does. */
function checkKind(kind: unknown, object: JsonObject, issues: Issue[]): void {
  if (!isJsonObject(kind)) return void issues.push({ path: ['request', 'kind'], message: `Expected an object, got ${typeName(kind)}` })
  const { group = '', version } = kind
  const named = typeof group === 'string' && typeof version === 'string'
  if (named && object['kind'] === kind['kind'] && object['apiVersion'] === (group === '' ? version : `${group}/${version}`)) return
  issues.push({ path: ['request', 'object', 'kind'], message: 'Expected the kind and version that request.kind names' })
}

function wrong(path: Issue['path'], message: string): Parsed<never> {
  return { ok: false, issues: [{ path, message }] }
}
