import type { AdmissionRequest, WorkloadImage } from './request.ts'

const NONE: readonly (readonly WorkloadImage[])[] = []

/**
 * The images of a request that are judged, grouped by text in the order in which they first appear. Removing something,
 * connecting to it and what an UPDATE leaves as it was are never judged (binary-authorization.md §6.2).
 */
export function groupJudgedImages(request: AdmissionRequest): readonly (readonly WorkloadImage[])[] {
  if (request.operation === 'DELETE' || request.operation === 'CONNECT') return NONE
  const unchanged = request.unchangedImages.length === 0 ? undefined : new Set(request.unchangedImages)
  const groups = new Map<string, WorkloadImage[]>()
  for (const image of request.images) {
    if (unchanged?.has(image.text) === true) continue
    const group = groups.get(image.text)
    if (group === undefined) groups.set(image.text, [image])
    else group.push(image)
  }
  return [...groups.values()]
}
