import type { AdmissionDecision, ImageVerdict } from '../admission/decision.ts'
import type { AdmissionRequest, BreakGlassMark } from '../admission/request.ts'
import { parseImageReference } from '../image/reference.ts'
import { matchesSubject } from '../policy/exemption.ts'
import type { BreakGlassRefusal } from './grant.ts'

/**
 * Whether a mark lets a request in. Without a word about tokens it does, as the original's (binary-authorization.md §6.5). With
 * a grant it must cover each image that would not be let in without it; images that conform need nobody's grant.
 */
export function isGlassBroken(mark: BreakGlassMark | undefined, images: readonly ImageVerdict[]): boolean {
  if (mark === undefined || mark.refused !== undefined) return false
  const { grant } = mark
  return grant === undefined || images.every(({ image, result }) => result.outcome === 'ALLOWED' || covers(grant.subject, image))
}

/** Why the mark of a decided request did not count; undefined where there was none, or where it did. */
export function findBreakGlassRefusal(
  { breakGlass }: Pick<AdmissionRequest, 'breakGlass'>,
  decision: Pick<AdmissionDecision, 'reason'>,
): BreakGlassRefusal | undefined {
  if (breakGlass === undefined || decision.reason === 'BREAK_GLASS') return undefined
  return breakGlass.refused ?? (breakGlass.grant === undefined ? undefined : 'OTHER_IMAGE')
}

function covers(subject: NonNullable<BreakGlassMark['grant']>['subject'], imageText: string): boolean {
  const reference = parseImageReference(imageText)
  return matchesSubject(subject, { imageText, digest: reference.ok ? reference.value.digest : undefined })
}
