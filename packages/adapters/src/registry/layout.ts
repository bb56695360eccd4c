import { createHash } from 'node:crypto'
import { openAsBlob } from 'node:fs'
import { join } from 'node:path'
import { isImageDigest, type ImageDigest } from '@countersign/core/image/reference.ts'
import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'
import { digestOf, MAX_MANIFEST_BYTES } from './manifest.ts'
import { parseObject } from './read-body.ts'

const REF_NAME = 'org.opencontainers.image.ref.name'

/** A manifest of a layout, with what it stands on. */
export interface LayoutManifest {
  readonly digest: ImageDigest
  readonly mediaType: string
  /** What it is; where it does not say, the type of its configuration. */
  readonly artifactType?: string
  readonly annotations?: JsonObject
  readonly bytes: Uint8Array
  /** Of an index. */
  readonly children: readonly ImageDigest[]
  /** Configuration and layers. */
  readonly blobs: readonly ImageDigest[]
  /** What it hangs on. */
  readonly subject?: ImageDigest
}

/** A folder in the OCI image layout (image-spec, image-layout). What is read of it is compared with its digest: DATA_LOSS. */
export interface Layout {
  /** The manifests that its index lists. */
  readonly manifests: readonly { readonly digest: ImageDigest; readonly name?: string }[]
  readManifest(digest: ImageDigest): Promise<LayoutManifest>
  openBlob(digest: ImageDigest): Promise<Blob>
}

/** Opens a layout; NOT_FOUND where the folder is none. */
export async function openLayout(folder: string): Promise<Layout> {
  const index = parseObject(await readSmall(await openFile(folder, 'index.json')), `index.json of ${quote(folder)}`)
  const entries = Array.isArray(index['manifests']) ? index['manifests'].filter(isJsonObject) : []
  const openContent = async (digest: ImageDigest): Promise<Blob> => await openFile(folder, join('blobs', 'sha256', digest.slice('sha256:'.length)))
  return {
    manifests: entries.map((entry) => ({ digest: digestIn(entry, 'its index'), ...nameOf(entry) })),
    readManifest: async (digest) => readManifest(await readSmall(await openContent(digest)), digest),
    openBlob: async (digest) => {
      const content = await openContent(digest)
      const hash = createHash('sha256')
      for await (const chunk of content.stream()) hash.update(chunk)
      if (`sha256:${hash.digest('hex')}` === digest) return content
      throw damaged(`its file for ${digest} holds other content`)
    },
  }
}

async function openFile(folder: string, name: string): Promise<Blob> {
  const file = join(folder, name)
  try {
    return await openAsBlob(file)
  } catch (cause) {
    throw new StatusError('NOT_FOUND', `Cannot read ${quote(file)}: it is not there, expected an OCI layout in ${quote(folder)}`, { cause })
  }
}

async function readSmall(content: Blob): Promise<Uint8Array> {
  if (content.size > MAX_MANIFEST_BYTES) throw damaged(`a manifest is larger than ${MAX_MANIFEST_BYTES} bytes`)
  return await content.bytes()
}

function readManifest(bytes: Uint8Array, digest: ImageDigest): LayoutManifest {
  if (digestOf(bytes) !== digest) throw damaged(`its file for ${digest} holds other content`)
  const tree = parseObject(bytes, `manifest ${digest}`)
  const { mediaType, config, layers, manifests, subject, annotations } = tree
  const artifactType = tree['artifactType'] ?? (isJsonObject(config) ? config['mediaType'] : undefined)
  if (typeof mediaType !== 'string') throw damaged(`manifest ${digest} does not say its type`)
  const list = (value: unknown): readonly ImageDigest[] => (Array.isArray(value) ? value.map((one: unknown) => digestIn(one, digest)) : [])
  return {
    digest,
    mediaType,
    bytes,
    children: list(manifests),
    blobs: [...(config === undefined ? [] : [digestIn(config, digest)]), ...list(layers)],
    ...(typeof artifactType === 'string' ? { artifactType } : {}),
    ...(isJsonObject(annotations) ? { annotations } : {}),
    ...(subject === undefined ? {} : { subject: digestIn(subject, digest) }),
  }
}

function digestIn(descriptor: unknown, what: string): ImageDigest {
  const digest = isJsonObject(descriptor) ? descriptor['digest'] : undefined
  if (typeof digest === 'string' && isImageDigest(digest)) return digest
  throw damaged(`${what} names something without a sha256 digest`)
}

function nameOf({ annotations }: JsonObject): { readonly name?: string } {
  const name = isJsonObject(annotations) ? annotations[REF_NAME] : undefined
  return typeof name === 'string' ? { name } : {}
}

function damaged(why: string): StatusError {
  return new StatusError('DATA_LOSS', `Cannot read the layout: ${why}`)
}
