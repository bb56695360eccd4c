import type { PemPair } from '@countersign/adapters/certificates/authority.ts'
import type { Authorities } from '@countersign/adapters/certificates/rotation.ts'
import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import { StatusError } from '@countersign/core/status.ts'
import { PART_OF } from '../install/object.ts'

/** By which a person asks for a new authority: `countersign certificates rotate` sets it. */
export const ROTATE_ANNOTATION = 'countersign/rotate'

/** Where a Secret of an installation is. */
export interface SecretPlace {
  readonly namespace: string
  readonly name: string
}

/** Its path at the API server. */
export function secretPath({ namespace, name }: SecretPlace): string {
  return `${secretsPath(namespace)}/${name}`
}

/** The path at which Secrets of a namespace are made. */
export function secretsPath(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/secrets`
}

/** A Secret with this content; what stands in `under` beside the content stays. */
export function secretOf({ namespace, name }: SecretPlace, content: Readonly<Record<string, string>>, under: JsonObject = {}): JsonObject {
  const labels = { ...PART_OF, 'app.kubernetes.io/instance': namespace }
  const data = Object.fromEntries(Object.entries(content).map(([key, text]) => [key, Buffer.from(text).toString('base64')]))
  return { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata: { name, namespace, labels }, ...under, data }
}

/** What a Secret holds, as texts. */
export function contentOf(secret: JsonObject): Readonly<Record<string, string>> {
  const data = isJsonObject(secret['data']) ? secret['data'] : {}
  return Object.fromEntries(
    Object.entries(data).flatMap(([key, text]) => (typeof text === 'string' ? [[key, Buffer.from(text, 'base64').toString('utf8')]] : [])),
  )
}

/** The authorities as a Secret's content. */
export function formatAuthorities({ current, next, bundledAt, previous, switchedAt }: Authorities): Readonly<Record<string, string>> {
  return {
    'current.crt': current.cert,
    'current.key': current.key,
    ...(next === undefined ? {} : { 'next.crt': next.cert, 'next.key': next.key }),
    ...(previous === undefined ? {} : { 'previous.crt': previous }),
    ...(bundledAt === undefined ? {} : { 'bundled-at': String(bundledAt) }),
    ...(switchedAt === undefined ? {} : { 'switched-at': String(switchedAt) }),
  }
}

/** Throws DATA_LOSS where the current authority is not there: another one must not take its place in silence. */
export function parseAuthorities(content: Readonly<Record<string, string>>): Authorities {
  const current = pairOf(content, 'current')
  if (current === undefined)
    throw new StatusError('DATA_LOSS', 'The authority’s Secret holds no current.crt and current.key: delete it to begin anew')
  const next = pairOf(content, 'next')
  const [bundledAt, switchedAt, previous] = [numberOf(content['bundled-at']), numberOf(content['switched-at']), content['previous.crt']]
  return {
    current,
    ...(next === undefined ? {} : { next }),
    ...(bundledAt === undefined ? {} : { bundledAt }),
    ...(previous === undefined ? {} : { previous }),
    ...(switchedAt === undefined ? {} : { switchedAt }),
  }
}

/** Whether somebody asked for a new authority. */
export function isRotationAsked(secret: JsonObject): boolean {
  const metadata = isJsonObject(secret['metadata']) ? secret['metadata'] : {}
  const annotations = isJsonObject(metadata['annotations']) ? metadata['annotations'] : {}
  return annotations[ROTATE_ANNOTATION] === 'true'
}

/** The Secret without that wish. */
export function withoutWish(secret: JsonObject): JsonObject {
  const metadata = isJsonObject(secret['metadata']) ? secret['metadata'] : {}
  const { [ROTATE_ANNOTATION]: _, ...annotations } = isJsonObject(metadata['annotations']) ? metadata['annotations'] : {}
  return { ...secret, metadata: { ...metadata, annotations } }
}

function pairOf(content: Readonly<Record<string, string>>, name: string): PemPair | undefined {
  const [cert, key] = [content[`${name}.crt`], content[`${name}.key`]]
  return cert === undefined || key === undefined ? undefined : { cert, key }
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]{1,16}$/.test(text) ? Number(text) : undefined
}
