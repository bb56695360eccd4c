import type { AdmissionRequest, WorkloadImage } from '@countersign/core/admission/request.ts'
import { parseImageReference } from '@countersign/core/image/reference.ts'
import { isJsonObject } from '@countersign/core/json-object.ts'
import type { Issue, Parsed } from '@countersign/core/parsed.ts'
import { MAX_IMAGES } from '@countersign/core/workload/images.ts'
import { typeName } from '@countersign/core/workload/pod.ts'
import { findBreakGlassAnnotation } from '@countersign/core/workload/scope.ts'
import type { RegisteredCluster } from '../ports.ts'
import { checkImages, readText } from './fields.ts'

/**
 * Reads the `spec` of an ImageReview v1alpha1: images, namespace and those annotations that hold `.image-policy.k8s.io/`.
 * It has no service account, no labels and no image volumes; where a policy needs them, the law says "could not decide".
 */
export function readImageReview(spec: unknown, uid: string, cluster: RegisteredCluster): Parsed<AdmissionRequest | 'NOTHING_TO_JUDGE'> {
  if (!isJsonObject(spec)) return { ok: false, issues: [{ path: ['spec'], message: `Expected an object, got ${typeName(spec)}` }] }
  const issues: Issue[] = []
  const images = readImages(spec['containers'], issues)
  checkImages(images, issues)
  const namespace = readText(spec, 'namespace', { path: ['spec'], issues })
  const breakGlass = findBreakGlassAnnotation(spec['annotations'])
  if (issues.length > 0) return { ok: false, issues }
  if (images.length === 0) return { ok: true, value: 'NOTHING_TO_JUDGE' }
  return {
    ok: true,
    value: {
      uid,
      source: 'IMAGE_REVIEW',
      project: cluster.project,
      scope: { cluster: cluster.key, trustDomain: cluster.trustDomain, namespace },
      operation: 'CREATE',
      workload: { apiVersion: 'v1', kind: 'Pod', name: '', resource: 'pods' },
      images,
      unchangedImages: [],
      ...(breakGlass === undefined ? {} : { breakGlass }),
      serverDryRun: false,
    },
  }
}

function readImages(containers: unknown, issues: Issue[]): readonly WorkloadImage[] {
  if (containers === undefined || containers === null) return []
  if (!Array.isArray(containers) || containers.length > MAX_IMAGES) {
    issues.push({ path: ['spec', 'containers'], message: `Expected a list of at most ${MAX_IMAGES}` })
    return []
  }
  return containers.flatMap((container: unknown, index) => readImage(container, index, issues))
}

function readImage(container: unknown, index: number, issues: Issue[]): readonly WorkloadImage[] {
  const text = isJsonObject(container) ? container['image'] : undefined
  if (typeof text !== 'string' || text === '') {
    issues.push({ path: ['spec', 'containers', index, 'image'], message: `Expected an image reference, got ${typeName(text)}` })
    return []
  }
  const reference = parseImageReference(text)
  return [{ text, ...(reference.ok ? { reference: reference.value } : {}), containerType: 'CONTAINER', fieldPath: `spec.containers[${index}].image` }]
}
