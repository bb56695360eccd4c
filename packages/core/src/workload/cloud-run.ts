import type { BreakGlassMark } from '../admission/request.ts'
import { isJsonObject, type JsonObject } from '../json-object.ts'
import { quote } from '../quote.ts'

/** By which a Service asks to be checked, with the text `default` (binary-authorization.md §6.8). */
export const CLOUD_RUN_ANNOTATION = 'run.googleapis.com/binary-authorization'
/** By which it asks to be let in regardless: the text is the justification. */
export const CLOUD_RUN_BREAK_GLASS = 'run.googleapis.com/binary-authorization-breakglass'
/** The condition's reason that Cloud Run gives for an image that is refused. */
export const CLOUD_RUN_UNAUTHORIZED = 'ContainerImageUnauthorized'

/** What a Knative Service asks of us. */
export type CloudRunAsk =
  | { readonly outcome: 'NOT_ASKED' }
  | { readonly outcome: 'CHECK'; readonly breakGlass?: BreakGlassMark }
  | { readonly outcome: 'WRONG'; readonly message: string }

/** Tells Knative's Service from Kubernetes' own, and from every other kind. */
export function isKnativeService({ apiVersion, kind }: { readonly apiVersion: unknown; readonly kind: unknown }): boolean {
  return kind === 'Service' && apiVersion === 'serving.knative.dev/v1'
}

/**
 * Reads Cloud Run's annotations of a Knative Service. One without them is not checked. A justification without the other is refused, as Cloud
 * Run does, and so is a policy other than `default`: whoever names one expects it to hold.
 */
export function readCloudRun(service: JsonObject): CloudRunAsk {
  const metadata = isJsonObject(service['metadata']) ? service['metadata'] : {}
  const annotations = isJsonObject(metadata['annotations']) ? metadata['annotations'] : {}
  const [asked, justification] = [annotations[CLOUD_RUN_ANNOTATION], annotations[CLOUD_RUN_BREAK_GLASS]]
  if (asked === undefined && justification === undefined) return { outcome: 'NOT_ASKED' }
  if (asked === undefined)
    return { outcome: 'WRONG', message: `Annotation ${CLOUD_RUN_BREAK_GLASS} needs ${CLOUD_RUN_ANNOTATION}: default beside it` }
  if (asked !== 'default') {
    const found = typeof asked === 'string' ? quote(asked) : 'no text'
    return { outcome: 'WRONG', message: `Annotation ${CLOUD_RUN_ANNOTATION} is ${found}, expected default` }
  }
  if (justification === undefined || justification === '') return { outcome: 'CHECK' }
  if (typeof justification !== 'string' || justification.length > 1024 || !justification.isWellFormed())
    return { outcome: 'WRONG', message: `Annotation ${CLOUD_RUN_BREAK_GLASS} is not valid: expected a justification of at most 1024 characters` }
  return { outcome: 'CHECK', breakGlass: { via: 'ANNOTATION', key: CLOUD_RUN_BREAK_GLASS, value: justification } }
}
