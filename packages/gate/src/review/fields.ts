import type { Issue } from '@countersign/core/parsed.ts'
import type { WorkloadImage } from '@countersign/core/admission/request.ts'
import type { JsonObject } from '@countersign/core/json-object.ts'
import { typeName } from '@countersign/core/workload/pod.ts'

/** Longer than any name that Kubernetes lets through. */
const MAX_NAME = 1024
/** Longer than any image reference that a runtime takes. */
const MAX_IMAGE = 4096
/** All names and images of a workload: every decision's record holds them several times, and a reader of the log gets many records at once. */
const MAX_TOGETHER = 256 * 1024

/** Reads a text member; absent and null are the empty text. Everything that goes on record passes here: bounded, well-formed. */
export function readText(object: JsonObject, member: string, place: { readonly path: Issue['path']; readonly issues: Issue[] }): string {
  const value = object[member]
  if (value === undefined || value === null) return ''
  if (typeof value === 'string' && value.length <= MAX_NAME && value.isWellFormed()) return value
  const found = typeof value === 'string' ? 'another' : typeName(value)
  place.issues.push({ path: [...place.path, member], message: `Expected a well-formed text of at most ${MAX_NAME} characters, got ${found}` })
  return ''
}

/** Checks that what images carry into the record is bounded and well-formed; which text is a valid reference is the law's to say. */
export function checkImages(images: readonly WorkloadImage[], issues: Issue[]): void {
  const together = images.reduce((sum, { text, containerName = '' }) => sum + text.length + containerName.length, 0)
  if (together > MAX_TOGETHER)
    issues.push({ path: [], message: `Expected images and names of at most ${MAX_TOGETHER} characters together, got ${together}` })
  for (const image of images) {
    const named = image.containerName ?? ''
    if (image.text.length > MAX_IMAGE || !image.text.isWellFormed() || named.length > MAX_NAME || !named.isWellFormed()) {
      issues.push({ path: [], message: `${image.fieldPath}: Expected a well-formed image reference of at most ${MAX_IMAGE} characters` })
      if (issues.length >= 5) return
    }
  }
}
