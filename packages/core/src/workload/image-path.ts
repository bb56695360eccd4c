import type { Parsed } from '../parsed.ts'
import { quote } from '../quote.ts'

/** A step into an object: a member's name, or every item of a list. */
export type PathStep = { readonly field: string } | 'EACH'

/** Where a custom resource names images. */
export interface ImagePath {
  readonly apiVersion: string
  readonly kind: string
  readonly steps: readonly PathStep[]
  /** What stands at the end: the text of an image, or a whole PodSpec. */
  readonly holds: 'IMAGE' | 'POD_SPEC'
}

/** Longer than any path into a real resource. */
const MAX_TEXT = 512
const MAX_STEPS = 24
/** A group of a custom resource has a dot: the kinds of Kubernetes itself are known, and no path may say otherwise. */
const SHAPE =
  /^([a-z0-9][a-z0-9-]{0,62}(?:\.[a-z0-9-]{1,63}){1,8})\/(v[a-z0-9]{1,30})\/([A-Z][A-Za-z0-9]{0,62}):([A-Za-z0-9_.[\]*-]{1,400}?)(@PodSpec)?$/
const FIELD = /^([A-Za-z_][A-Za-z0-9_-]{0,62})((?:\[\*\]){0,3})$/
const EXPECTED =
  'expected GROUP/VERSION/Kind:PATH of a custom kind, with [*] for every item of a list, as in argoproj.io/v1alpha1/Rollout:spec.template.spec.containers[*].image'

/**
 * Reads `GROUP/VERSION/Kind:PATH`. A path is made of member names and `[*]`, without filters or indexes, and ends at the text of an
 * image, or with `@PodSpec` at a whole PodSpec: `argoproj.io/v1alpha1/Rollout:spec.template.spec@PodSpec`.
 */
export function parseImagePath(text: string): Parsed<ImagePath> {
  const [, group, version, kind, path = '', podSpec] = (text.length <= MAX_TEXT && SHAPE.exec(text)) || []
  const steps = path.split('.').map(parseSteps)
  if (kind === undefined || steps.includes(undefined)) return wrong(`Image path ${quote(text)} is not valid: ${EXPECTED}`)
  const flat = steps.flatMap((step) => step ?? [])
  if (flat.length > MAX_STEPS) return wrong(`Image path ${quote(text)} is not valid: it has ${flat.length} steps, expected at most ${MAX_STEPS}`)
  return {
    ok: true,
    value: { apiVersion: `${group}/${version}`, kind, steps: flat, holds: podSpec === undefined ? 'IMAGE' : 'POD_SPEC' },
  }
}

function parseSteps(part: string): readonly PathStep[] | undefined {
  const [, field, each = ''] = FIELD.exec(part) ?? []
  if (field === undefined) return undefined
  return [{ field }, ...Array.from({ length: each.length / 3 }, (): PathStep => 'EACH')]
}

function wrong(message: string): Parsed<never> {
  return { ok: false, issues: [{ path: [], message }] }
}
