import { createPublicKey, type KeyObject } from 'node:crypto'
import type { AdmissionRequest } from '@countersign/core/admission/request.ts'
import { BREAK_GLASS_TOKEN_ANNOTATION, type BreakGlassRefusal, judgeClaims } from '@countersign/core/break-glass/grant.ts'
import { modeOf } from '@countersign/core/break-glass/settings.ts'
import type { Instant } from '@countersign/core/instant.ts'
import { isJsonObject } from '@countersign/core/json-object.ts'
import { findPods } from '@countersign/core/workload/pod.ts'
import { openBreakGlassToken } from '@countersign/evidence/break-glass/token.ts'
import type { BreakGlassWorld, ProjectWorld } from '../ports.ts'

/**
 * Looks whether the mark of a request counts. As the original, it does wherever it stands; on a cluster that asks for tokens only
 * with one, which is verified here with the project's public key, so that it works while the centre is down. What was found
 * takes the token's place on the mark: the token itself is a credential and is recorded nowhere. `body` is the review, which
 * was read strictly before; it is read again because nearly no request carries a mark.
 */
export function checkBreakGlass(
  request: AdmissionRequest,
  body: Uint8Array,
  { world, now }: { readonly world: ProjectWorld; readonly now: Instant },
): AdmissionRequest {
  const { breakGlass: mark } = request
  const { breakGlass: asked } = world
  if (mark === undefined || asked === undefined || modeOf(asked.settings, request.scope.cluster) === 'anyone') return request
  return { ...request, breakGlass: { ...mark, ...judge(findToken(body), request, { asked, now }) } }
}

function judge(
  token: string | undefined,
  { project, scope }: AdmissionRequest,
  { asked, now }: { readonly asked: BreakGlassWorld; readonly now: Instant },
): Pick<NonNullable<AdmissionRequest['breakGlass']>, 'grant' | 'refused'> {
  const refuse = (refused: BreakGlassRefusal) => ({ refused })
  if (token === undefined) return refuse('TOKEN_ABSENT')
  // No key: nobody ever approved anything, so there is no token that this could be.
  const key = keyOf(asked)
  const opened = key === undefined ? ({ ok: false, cause: 'TOKEN_FORGED' } as const) : openBreakGlassToken(token, key)
  if (!opened.ok) return refuse(opened.cause)
  const { id, subject, expiresAt } = opened.claims
  if (asked.revoked.includes(id)) return refuse('TOKEN_REVOKED')
  const refused = judgeClaims(opened.claims, { project, cluster: scope.cluster, namespace: scope.namespace, now })
  return refused === undefined ? { grant: { id, subject, expiresAt } } : refuse(refused)
}

const keys = new WeakMap<BreakGlassWorld, KeyObject>()

function keyOf(asked: BreakGlassWorld): KeyObject | undefined {
  const known = keys.get(asked)
  if (known !== undefined || asked.publicKey === '') return known
  const key = createPublicKey({ key: Buffer.from(asked.publicKey, 'base64'), format: 'der', type: 'spki' })
  keys.set(asked, key)
  return key
}

/** The token beside the mark; a review of images has none, because its plugin does not send our annotation. */
function findToken(body: Uint8Array): string | undefined {
  const review: unknown = JSON.parse(Buffer.from(body).toString('utf8'))
  const request = isJsonObject(review) ? review['request'] : undefined
  const found = findPods(isJsonObject(request) ? request['object'] : undefined)
  const pod = found.ok && found.value.pods.length === 1 ? found.value.pods[0] : undefined
  const annotations = pod?.metadata['annotations']
  const token =
    isJsonObject(annotations) && Object.hasOwn(annotations, BREAK_GLASS_TOKEN_ANNOTATION) ? annotations[BREAK_GLASS_TOKEN_ANNOTATION] : undefined
  return typeof token === 'string' ? token : undefined
}
