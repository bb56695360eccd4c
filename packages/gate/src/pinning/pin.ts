import { formatVisible } from '@countersign/core/admission/visible-text.ts'
import type { WorkloadImage } from '@countersign/core/admission/request.ts'
import type { ImageDigest, ImageReference } from '@countersign/core/image/reference.ts'
import { StatusError } from '@countersign/core/status.ts'
import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import { findImages } from '@countersign/core/workload/images.ts'
import { Deadline } from '../deadline.ts'
import type { GateRequest, GateResponse } from '../door/exchange.ts'
import { ADMISSION_API } from '../review/identity.ts'
import { parseStrictJson } from '../review/strict-json.ts'

/** Asks a registry what a tag means now. Rejects where it cannot say. */
export type ResolveTag = (reference: ImageReference) => Promise<ImageDigest>

/** By what a Pod's images were written before they were pinned: JSON, from pinned text to text as written. */
export const PINNED_ANNOTATION = 'countersign.dev/pinned-images'

/** What became of a Pod's tags, for the gate's own log; texts of the request are made visible. */
export interface PinReport {
  readonly namespace: string
  readonly pod: string
  readonly user: string
  /** From pinned text to text as written; absent where nothing was pinned. */
  readonly pinned?: Readonly<Record<string, string>>
  /** Why nothing was pinned. */
  readonly notPinned?: string
}

export interface PinOptions {
  readonly resolveTag: ResolveTag
  /** Told of each Pod that has tags, but not in a dry run. */
  readonly tell: (report: PinReport) => void
  readonly timeoutMs: number
  readonly maxDepth: number
}

/** More different tags than a Pod has; each is a question to a registry of the Pod's author's choice. */
const MAX_TAGS = 20
/** Longer than any name that an API server lets through. */
const MAX_SHOWN = 1024

/**
 * Answers the mutating webhook: a Pod that is made gets the digests that its tags mean now, all of them or none. Whatever fails leaves the Pod
 * as it is, with a warning: the validating webhook judges it then, and judges every pinned one too. It alone asks registries.
 */
export async function pinPod(request: GateRequest, options: PinOptions): Promise<GateResponse | undefined> {
  const parsed = parseStrictJson(request.body, options.maxDepth)
  const review = parsed.ok && isJsonObject(parsed.value) ? parsed.value['request'] : undefined
  if (!isJsonObject(review) || typeof review['uid'] !== 'string') return undefined
  const answer = (response: object): GateResponse => ({
    status: 200,
    body: JSON.stringify({ kind: 'AdmissionReview', apiVersion: ADMISSION_API, response: { uid: review['uid'], allowed: true, ...response } }),
  })
  const pod = review['object']
  const images = review['operation'] === 'CREATE' && isPod(pod) ? listTagged(pod) : []
  const tags = new Map(images.map((image) => [image.text, image.reference]))
  if (!isPod(pod) || tags.size === 0) return answer({})
  const tell = (became: Pick<PinReport, 'pinned' | 'notPinned'>): void => {
    if (review['dryRun'] !== true) options.tell({ ...whoseTags(review, pod), ...became })
  }
  const tooMany = new Unresolved(`the Pod has ${tags.size}, expected at most ${MAX_TAGS}`)
  const pinned = tags.size > MAX_TAGS ? tooMany : await resolveAll(tags, options)
  if (pinned instanceof Unresolved) {
    tell({ notPinned: pinned.message })
    return answer({ warnings: [pinned.message], auditAnnotations: { 'not-pinned': pinned.message } })
  }
  const written = Object.fromEntries([...pinned].map(([text, pinnedText]) => [pinnedText, text]))
  tell({ pinned: written })
  const resolution = JSON.stringify(written)
  return answer({
    patchType: 'JSONPatch',
    patch: Buffer.from(JSON.stringify(makePatch(pod, images, { pinned, resolution }))).toString('base64'),
    auditAnnotations: { pinned: resolution },
  })
}

function whoseTags(review: JsonObject, pod: JsonObject): Pick<PinReport, 'namespace' | 'pod' | 'user'> {
  const { name, generateName } = isJsonObject(pod['metadata']) ? pod['metadata'] : {}
  const { username } = isJsonObject(review['userInfo']) ? review['userInfo'] : {}
  const show = (text: unknown): string => (typeof text === 'string' ? formatVisible(text.slice(0, MAX_SHOWN)) : '')
  return { namespace: show(review['namespace']), pod: show(name ?? generateName), user: show(username) }
}

interface Tagged extends WorkloadImage {
  readonly reference: ImageReference
}

function isPod(object: unknown): object is JsonObject {
  return isJsonObject(object) && object['apiVersion'] === 'v1' && object['kind'] === 'Pod'
}

/** What cannot be read, or is no reference, is left to the validating webhook. */
function listTagged(pod: JsonObject): readonly Tagged[] {
  const found = findImages(pod)
  return found.ok ? found.value.images.filter(isTagged) : []
}

function isTagged(image: WorkloadImage): image is Tagged {
  return image.reference !== undefined && image.reference.digest === undefined && image.reference.otherDigest === undefined
}

class Unresolved {
  readonly message: string

  constructor(why: string) {
    this.message = `Tags were not pinned: ${why}`
  }
}

/** The pinned text of each text as written: `nginx:1.27` becomes `nginx:1.27@sha256:…`, so that patterns and people still see the tag. */
async function resolveAll(
  tags: ReadonlyMap<string, ImageReference>,
  { resolveTag, timeoutMs }: PinOptions,
): Promise<Map<string, string> | Unresolved> {
  const deadline = new Deadline(timeoutMs)
  const late = new Promise<Unresolved>((resolve) => deadline.onOver(() => resolve(new Unresolved('the registry did not answer in time'))))
  const all = Promise.all(
    [...tags].map(async ([text, reference]): Promise<[string, string]> => [text, `${text}@${await resolveTag(reference)}`]),
  ).then(
    (pairs) => new Map(pairs),
    (failure: unknown) => new Unresolved(explain(failure)),
  )
  const settled = await Promise.race([all, late])
  deadline.met()
  return settled
}

/** Without what the registry or the resolver said: whoever makes a Pod learns no more of the network than whether he may. */
function explain(failure: unknown): string {
  const code = failure instanceof StatusError ? failure.code : 'UNKNOWN'
  if (code === 'PERMISSION_DENIED') return 'its registry may not be asked; whoever runs the gate names it with --pin-registry'
  if (code === 'RESOURCE_EXHAUSTED') return 'too many others are waiting for registries'
  return 'the registry did not say what a tag means'
}

interface Resolution {
  readonly pinned: ReadonlyMap<string, string>
  readonly resolution: string
}

function makePatch(pod: JsonObject, images: readonly Tagged[], { pinned, resolution }: Resolution): readonly object[] {
  const metadata = isJsonObject(pod['metadata']) ? pod['metadata'] : {}
  const key = PINNED_ANNOTATION.replaceAll('/', '~1')
  const note = isJsonObject(metadata['annotations'])
    ? { op: 'add', path: `/metadata/annotations/${key}`, value: resolution }
    : { op: 'add', path: '/metadata/annotations', value: { [PINNED_ANNOTATION]: resolution } }
  return [...images.map(({ text, fieldPath }) => ({ op: 'replace', path: pointerOf(fieldPath), value: pinned.get(text) })), note]
}

/** `spec.containers[0].image` as a JSON pointer. Its steps come from our own table. */
function pointerOf(fieldPath: string): string {
  return `/${fieldPath.replaceAll('[', '.').replaceAll(']', '').replaceAll('.', '/')}`
}
