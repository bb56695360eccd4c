import { hash, timingSafeEqual } from 'node:crypto'
import { parseImageReference } from '@countersign/core/image/reference.ts'
import { parseOccurrenceName } from '@countersign/core/name/resource-name.ts'
import { StatusError } from '@countersign/core/status.ts'
import { explainFinding, explainVerdict } from '@countersign/core/vulnerability/explain.ts'
import type { SigningResult } from '@countersign/service/signing/sign-image.ts'
import { isTree, textIn, type Tree } from '../../connection/api.ts'
import { UsageError } from '../../terminal.ts'
import type { SignerMode } from './read-order.ts'
import { outcomeOf } from './report.ts'

/** One request at the door, its body read whole within bounds. */
export interface DoorRequest {
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
  readonly body: Uint8Array
}

/** The members are the original's (kritis-and-grafeas.md §1.8). */
export interface DoorAnswer {
  readonly status: number
  readonly body: {
    readonly image?: string
    readonly status?: 'ok' | 'signed' | 'not-signed' | 'failed'
    readonly message?: string
    readonly violations?: readonly string[]
  }
}

export interface DoorParts {
  readonly token: string
  /** Checks and signs one image, by digest. */
  readonly run: (mode: SignerMode, image: string) => Promise<SigningResult>
  /** An occurrence that an event names. */
  readonly findOccurrence: (name: string) => Promise<Tree>
}

const MAX_RUNNING = 32

/**
 * The HTTP twin of `signer` (§1.8): `/check-only`, `/check-and-sign`, and `/event` for what Pub/Sub pushes. Better than the original: nobody is served
 * without the token, only POST is, an image that could not be judged is never a bad request, and no more run at once than it can bear.
 */
export function makeSignerDoor(parts: DoorParts): (request: DoorRequest) => Promise<DoorAnswer> {
  const routes: Readonly<Record<string, (body: Tree) => Promise<DoorAnswer>>> = {
    '/check-only': async (body) => await withImage(textIn(body, 'image'), async (image) => await checkOnly(parts, image)),
    '/check-and-sign': async (body) => await withImage(textIn(body, 'image'), async (image) => await checkAndSign(parts, image)),
    '/event': async (body) => await takeEvent(parts, body),
  }
  let running = 0
  return async ({ method, path, authorization, body }) => {
    if (!isToken(authorization, parts.token)) return failed(401, 'a token is required: Authorization: Bearer TOKEN')
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined
    if (route === undefined) return failed(404, `expected one of ${Object.keys(routes).join(', ')}`)
    if (method !== 'POST') return failed(405, 'expected POST')
    const tree = parseTree(body)
    if (tree === undefined) return failed(400, 'the body is not a JSON object')
    if (running >= MAX_RUNNING) return failed(503, `${MAX_RUNNING} images are being checked already: try again later`)
    running++
    try {
      return await route(tree)
    } catch (error) {
      return answerError(error)
    } finally {
      running--
    }
  }
}

/** Hashes are of one length whatever is shown, and compared in constant time. */
function isToken(authorization: string | undefined, token: string): boolean {
  const digest = (text: string): Uint8Array => hash('sha256', text, 'buffer')
  return timingSafeEqual(digest(authorization ?? ''), digest(`Bearer ${token}`))
}

function parseTree(body: Uint8Array): Tree | undefined {
  try {
    const tree: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    return isTree(tree) ? tree : undefined
  } catch {
    return undefined
  }
}

async function withImage(text: string, work: (image: string) => Promise<DoorAnswer>): Promise<DoorAnswer> {
  const image = text.replace(/^https:\/\//, '')
  const parsed = parseImageReference(image)
  if (!parsed.ok) return failed(400, parsed.issues[0]?.message ?? 'the image is not valid')
  return parsed.value.digest === undefined ? failed(400, 'the image has no digest: expected REGISTRY/REPOSITORY@sha256:…') : await work(image)
}

async function checkOnly({ run }: DoorParts, image: string): Promise<DoorAnswer> {
  const result = await run('check-only', image)
  if (outcomeOf(result) === 'CONFORMS') return { status: 200, body: { image, status: 'ok' } }
  return refused(image, result, 'failed')
}

async function checkAndSign({ run }: DoorParts, image: string): Promise<DoorAnswer> {
  const result = await run('check-and-sign', image)
  const message = 'image passed vulnerability policy'
  return result.attestations.length > 0 ? { status: 200, body: { image, status: 'signed', message } } : refused(image, result, 'not-signed')
}

/** A violation is 422; what could not be judged is the service's failure, never the image's. */
function refused(image: string, { check }: SigningResult, status: 'failed' | 'not-signed'): DoorAnswer {
  const verdict = check?.verdict
  if (verdict?.outcome !== 'VIOLATES') return failed(500, verdict === undefined ? 'nothing was checked' : explainVerdict(verdict), image)
  return { status: 422, body: { image, status, message: 'image violates policy', violations: verdict.violations.map(explainFinding) } }
}

/** What is no finished scan is nothing to do, and a violation is an answer: either is 200, so that it is not pushed again. */
async function takeEvent(parts: DoorParts, body: Tree): Promise<DoorAnswer> {
  const event = parseTree(Buffer.from(textIn(body, 'message', 'data'), 'base64'))
  const name = parseOccurrenceName(textIn(event, 'name'))
  if (!name.ok) return failed(400, 'the message is no event of an occurrence')
  if (textIn(event, 'kind') !== 'DISCOVERY') return { status: 200, body: {} }
  const occurrence = await parts.findOccurrence(name.value)
  if (textIn(occurrence, 'discovery', 'analysisStatus') !== 'FINISHED_SUCCESS') return { status: 200, body: {} }
  const answer = await withImage(textIn(occurrence, 'resourceUri'), async (image) => await checkAndSign(parts, image))
  return answer.status === 422 ? { ...answer, status: 200 } : answer
}

function answerError(error: unknown): DoorAnswer {
  const isTold = error instanceof UsageError || error instanceof StatusError
  return failed(500, isTold ? error.message : 'internal error')
}

function failed(status: number, message: string, image?: string): DoorAnswer {
  return { status, body: { ...(image === undefined ? {} : { image }), status: 'failed', message } }
}
