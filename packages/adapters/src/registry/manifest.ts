import { hash } from 'node:crypto'
import { isImageDigest, type ImageDigest } from '@countersign/core/image/reference.ts'
import { isJsonObject } from '@countersign/core/json-object.ts'
import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'
import { parseObject } from './read-body.ts'

/** A manifest as the registry gave it, its bytes checked against its digest. */
export type Manifest = ImageManifest | ImageIndex

export interface ImageManifest {
  readonly kind: 'MANIFEST'
  readonly digest: ImageDigest
  readonly mediaType: string
  readonly config: ImageDigest
}

export interface ImageIndex {
  readonly kind: 'INDEX'
  readonly digest: ImageDigest
  readonly mediaType: string
  readonly children: readonly IndexChild[]
}

/** One image of an index. */
export interface IndexChild {
  readonly digest: ImageDigest
  readonly mediaType: string
  readonly size: number
  /** `linux/amd64`, `linux/arm/v7`; absent where the index does not say. `unknown/unknown` marks what no machine runs, such as a build's attestations. */
  readonly platform?: string
  /** What it is where it is no image, such as an SBOM or a signature: of referrers. */
  readonly artifactType?: string
}

const INDEX_TYPES: readonly string[] = ['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json']
const MANIFEST_TYPES: readonly string[] = ['application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json']
const MAX_CHILDREN = 1000
const MEDIA_TYPE = /^[\w.+-]{1,127}\/[\w.+-]{1,127}$/

/** What is asked for: both generations, both kinds. */
export const MANIFEST_ACCEPT = [...INDEX_TYPES, ...MANIFEST_TYPES].join(', ')
/** What OCI clients hold a manifest to. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024

/** SHA-256 of bytes, as registries write it. */
export function digestOf(body: Uint8Array): ImageDigest {
  const digest = `sha256:${hash('sha256', body, 'hex')}`
  if (!isImageDigest(digest)) throw new TypeError('SHA-256 has 64 hexadecimal digits')
  return digest
}

/**
 * Reads a manifest. Its type is what the content says, and must be what the header says: bytes that can be read in two ways are refused
 * (peers.md C4). `expected` is the digest that was asked for or that the registry claims; other bytes are DATA_LOSS.
 */
export function readManifest(body: Uint8Array, { contentType, expected }: { readonly contentType: string; readonly expected?: string }): Manifest {
  const digest = digestOf(body)
  if (expected !== undefined && expected !== digest)
    throw new StatusError('DATA_LOSS', `Cannot trust the registry: it gave the content of ${digest} for ${expected}`)
  const what = `manifest ${digest}`
  const tree = parseObject(body, what)
  const mediaType = typeof tree['mediaType'] === 'string' ? tree['mediaType'] : (contentType.split(';')[0] ?? '').trim()
  if (contentType !== '' && !contentType.startsWith(mediaType)) throw damaged(what, 'its type is not the one in its header')
  if ('manifests' in tree && 'layers' in tree) throw damaged(what, 'it is both an index and an image')
  if (INDEX_TYPES.includes(mediaType)) return { kind: 'INDEX', digest, mediaType, children: readChildren(tree['manifests'], what) }
  if (MANIFEST_TYPES.includes(mediaType)) return { kind: 'MANIFEST', digest, mediaType, config: readConfig(tree['config'], what) }
  throw new StatusError('FAILED_PRECONDITION', `Cannot read ${what}: its type is ${quote(mediaType)}, expected an OCI or Docker v2 image or index`)
}

/** When an image was built, as its configuration says; undefined where it does not. */
export function readCreated(config: Uint8Array): string | undefined {
  const created = parseObject(config, 'image configuration')['created']
  return typeof created === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/.test(created) ? created : undefined
}

function readChildren(value: unknown, what: string): readonly IndexChild[] {
  if (!Array.isArray(value)) throw damaged(what, 'it lists no manifests')
  if (value.length > MAX_CHILDREN) throw damaged(what, `it lists more than ${MAX_CHILDREN} manifests`)
  return value.map((child: unknown) => readChild(child, what))
}

function readChild(value: unknown, what: string): IndexChild {
  const { digest, mediaType, size, platform, artifactType } = isJsonObject(value) ? value : {}
  if (typeof digest !== 'string' || !isImageDigest(digest)) throw damaged(what, 'one of its manifests has no sha256 digest')
  if (typeof mediaType !== 'string' || typeof size !== 'number') throw damaged(what, 'one of its manifests has no type or size')
  const named = formatPlatform(platform)
  const kind = typeof artifactType === 'string' && MEDIA_TYPE.test(artifactType) ? { artifactType } : {}
  return { digest, mediaType, size, ...(named === undefined ? {} : { platform: named }), ...kind }
}

function formatPlatform(value: unknown): string | undefined {
  const { os, architecture, variant } = isJsonObject(value) ? value : {}
  const parts = [os, architecture, variant].filter((part) => typeof part === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(part))
  return parts.length < 2 ? undefined : parts.join('/')
}

function readConfig(value: unknown, what: string): ImageDigest {
  const digest = isJsonObject(value) ? value['digest'] : undefined
  if (typeof digest === 'string' && isImageDigest(digest)) return digest
  throw damaged(what, 'it names no configuration by a sha256 digest')
}

function damaged(what: string, why: string): StatusError {
  return new StatusError('DATA_LOSS', `Cannot read ${what}: ${why}`)
}
