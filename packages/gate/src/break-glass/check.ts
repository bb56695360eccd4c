import { createPublicKey, type KeyObject } from 'node:crypto'
import type { AdmissionRequest } from '@countersign/core/admission/request.ts'
import type { BoundWorkload, ShownWorkload } from '@countersign/core/break-glass/bound-workload.ts'
import { BREAK_GLASS_TOKEN_ANNOTATION, type BreakGlassRefusal, judgeClaims } from '@countersign/core/break-glass/grant.ts'
import { modeOf } from '@countersign/core/break-glass/settings.ts'
import type { Instant } from '@countersign/core/instant.ts'
import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import { CLOUD_RUN_BREAK_GLASS } from '@countersign/core/workload/cloud-run.ts'
import { type CustomKinds, findCustomPaths, findCustomPods } from '@countersign/core/workload/custom.ts'
import { findPods, type PodPlace } from '@countersign/core/workload/pod.ts'
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
  { world, custom, now }: { readonly world: ProjectWorld; readonly custom: CustomKinds; readonly now: Instant },
): AdmissionRequest {
  const { breakGlass: mark } = request
  const { breakGlass: asked } = world
  if (mark === undefined || asked === undefined || modeOf(asked.settings, request.scope.cluster) === 'anyone') return request
  const object = readObject(body)
  const token = findToken(object, mark.key, custom)
  return { ...request, breakGlass: { ...mark, ...judge(token, request, { asked, now, workload: showWorkload(request, object) }) } }
}

interface Judging {
  readonly asked: BreakGlassWorld
  readonly now: Instant
  readonly workload: ShownWorkload
}

function judge(
  token: string | undefined,
  { project, scope }: AdmissionRequest,
  { asked, now, workload }: Judging,
): Pick<NonNullable<AdmissionRequest['breakGlass']>, 'grant' | 'refused'> {
  const refuse = (refused: BreakGlassRefusal) => ({ refused })
  if (token === undefined) return refuse('TOKEN_ABSENT')
  // No key: nobody ever approved anything, so there is no token that this could be.
  const key = keyOf(asked)
  const opened = key === undefined ? ({ ok: false, cause: 'TOKEN_FORGED' } as const) : openBreakGlassToken(token, key)
  if (!opened.ok) return refuse(opened.cause)
  const { id, subject, expiresAt } = opened.claims
  if (asked.revoked.includes(id)) return refuse('TOKEN_REVOKED')
  const refused = judgeClaims(opened.claims, { project, cluster: scope.cluster, namespace: scope.namespace, workload, now })
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

function readObject(body: Uint8Array): JsonObject {
  const review: unknown = JSON.parse(Buffer.from(body).toString('utf8'))
  const request = isJsonObject(review) ? review['request'] : undefined
  return memberOf(isJsonObject(request) ? request : {}, 'object')
}

/** The token beside the mark: on the Pod or its template, and for Cloud Run's own mark on the Service. A review of images has none: its plugin does not send our annotation. */
function findToken(object: JsonObject, mark: string, custom: CustomKinds): string | undefined {
  const holder = mark === CLOUD_RUN_BREAK_GLASS ? memberOf(object, 'metadata') : (findPod(object, custom)?.metadata ?? {})
  return ownText(memberOf(holder, 'annotations'), BREAK_GLASS_TOKEN_ANNOTATION)
}

function findPod(object: JsonObject, custom: CustomKinds): PodPlace | undefined {
  const paths = findCustomPaths(object, custom)
  const found = paths === undefined ? findPods(object) : undefined
  const pods = paths === undefined ? (found?.ok === true ? found.value.pods : []) : findCustomPods(object, paths)
  return pods.length === 1 ? pods[0] : undefined
}

function showWorkload({ workload, user }: AdmissionRequest, object: JsonObject): ShownWorkload {
  const metadata = memberOf(object, 'metadata')
  const owners = metadata['ownerReferences']
  const owner: unknown = Array.isArray(owners) ? owners.find((one) => isJsonObject(one) && one['controller'] === true) : undefined
  const templateHash = ownText(memberOf(metadata, 'labels'), 'pod-template-hash')
  const { apiVersion, kind, name } = workload
  return {
    apiVersion,
    kind,
    name,
    user: user?.username ?? '',
    ...(isJsonObject(owner) ? { controller: showOwner(owner) } : {}),
    ...(templateHash === undefined ? {} : { templateHash }),
  }
}

function showOwner(owner: JsonObject): BoundWorkload {
  return { apiVersion: ownText(owner, 'apiVersion') ?? '', kind: ownText(owner, 'kind') ?? '', name: ownText(owner, 'name') ?? '' }
}

function memberOf(holder: JsonObject, name: string): JsonObject {
  const value = holder[name]
  return isJsonObject(value) ? value : {}
}

function ownText(holder: JsonObject, name: string): string | undefined {
  const value = Object.hasOwn(holder, name) ? holder[name] : undefined
  return typeof value === 'string' ? value : undefined
}
