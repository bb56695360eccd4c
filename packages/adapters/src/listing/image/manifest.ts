import { hash } from 'node:crypto'
import { isImageDigest } from '@countersign/core/image/reference.ts'
import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import { damaged, exceeded, type ListingBounds } from '../bounds.ts'
import type { Bytes } from '../tar/byte-source.ts'
import { checked } from './checked.ts'
import type { ImageConfig, ImageSource } from './image-source.ts'

/** No manifest and no configuration is larger (OCI distribution-spec asks registries for 4 MiB). */
export const MAX_DOCUMENT = 4 * 1024 * 1024

/** Content as a manifest names it. */
export interface Descriptor {
  readonly digest: string
  readonly size?: number
}

/** Opens content by its digest, from a folder, an archive or a registry, which keeps manifests apart. */
export type OpenBlob = (descriptor: Descriptor, kind: 'MANIFEST' | 'BLOB') => Bytes

/** Which images of an index are wanted. */
export interface Wanted {
  /** `linux/amd64`; absent: the only one, else linux/amd64. */
  readonly platform?: string
}

const INDEX_TYPES: readonly string[] = ['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json']

/** The image that a manifest's digest stands for; of an index the one for the platform. */
export async function openManifest(
  open: OpenBlob,
  digest: string,
  { wanted, bounds }: { readonly wanted: Wanted; readonly bounds: ListingBounds },
): Promise<ImageSource> {
  const tree = parseDocument(await readDocument(checked(open({ digest }, 'MANIFEST'), digest)), digest)
  if (INDEX_TYPES.includes(String(tree['mediaType'])) || (tree['layers'] === undefined && Array.isArray(tree['manifests']))) {
    const child = chooseChild(tree, wanted)
    const inner = parseDocument(await readDocument(checked(open({ digest: child }, 'MANIFEST'), child)), child)
    return await fromManifest(open, inner, { digest: child, bounds })
  }
  return await fromManifest(open, tree, { digest, bounds })
}

/** Reads content that must fit in memory. */
export async function readDocument(bytes: Bytes): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of bytes) {
    length += chunk.length
    if (length > MAX_DOCUMENT) throw exceeded(`a manifest or configuration is larger than ${MAX_DOCUMENT} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Parses content as a JSON object; DATA_LOSS for anything else. */
export function parseDocument(bytes: Uint8Array, what: string): JsonObject {
  try {
    const tree: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    if (isJsonObject(tree)) return tree
  } catch (error) {
    throw damaged(`${what} is no JSON`, error)
  }
  throw damaged(`${what} is no JSON object`)
}

/** What a configuration says (OCI image-spec, config). */
export function readConfig(tree: JsonObject): ImageConfig {
  const { os, architecture, variant, rootfs } = tree
  const diffIds = isJsonObject(rootfs) && Array.isArray(rootfs['diff_ids']) ? rootfs['diff_ids'].filter((id) => typeof id === 'string') : []
  const parts = [os, architecture, variant].filter((part) => typeof part === 'string' && part !== '')
  return { diffIds, ...(parts.length < 2 ? {} : { platform: parts.join('/') }) }
}

/** The digest that a descriptor names, or DATA_LOSS. */
export function digestIn(descriptor: unknown, what: string): string {
  const digest = isJsonObject(descriptor) ? descriptor['digest'] : undefined
  if (typeof digest === 'string' && isImageDigest(digest)) return digest
  throw damaged(`${what} has no sha256 digest`)
}

/** SHA-256 as manifests write it. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${hash('sha256', bytes, 'hex')}`
}

async function fromManifest(
  open: OpenBlob,
  tree: JsonObject,
  { digest, bounds }: { readonly digest: string; readonly bounds: ListingBounds },
): Promise<ImageSource> {
  const { layers } = tree
  if (!Array.isArray(layers)) throw damaged(`${digest} is neither an image nor an index of images`)
  if (layers.length > bounds.maxLayers) throw exceeded(`it has more than ${bounds.maxLayers} layers`)
  const config = digestIn(tree['config'], 'its configuration')
  const configTree = parseDocument(await readDocument(checked(open({ digest: config }, 'BLOB'), config)), config)
  const descriptors = layers.map(readLayer)
  return { digest, config: readConfig(configTree), layers: descriptors.map((layer) => ({ open: () => checked(open(layer, 'BLOB'), layer.digest) })) }
}

function readLayer(layer: unknown): Descriptor {
  const digest = digestIn(layer, 'one of its layers')
  const size = isJsonObject(layer) ? layer['size'] : undefined
  return typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? { digest, size } : { digest }
}

function chooseChild(index: JsonObject, { platform }: Wanted): string {
  const children = (Array.isArray(index['manifests']) ? index['manifests'] : [])
    .filter(isJsonObject)
    .map((child) => ({ child, runs: platformOf(child) }))
  const runnable = children.filter(({ runs }) => !runs.startsWith('unknown/'))
  const fits = (asked: string) => runnable.find(({ runs }) => runs === asked || runs.startsWith(`${asked}/`))
  const chosen = platform === undefined ? (runnable.length === 1 ? runnable[0] : fits('linux/amd64')) : fits(platform)
  if (chosen !== undefined) return digestIn(chosen.child, 'one of its manifests')
  throw damaged(
    `it has no image for ${platform ?? 'linux/amd64'}, only for ${runnable.map(({ runs }) => runs).join(', ') || 'none'}: choose with --platform`,
  )
}

function platformOf({ platform }: JsonObject): string {
  return isJsonObject(platform) ? (readConfig(platform).platform ?? 'any') : 'any'
}
