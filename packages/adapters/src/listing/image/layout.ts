import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import { StatusError } from '@countersign/core/status.ts'
import { damaged, type ListingBounds } from '../bounds.ts'
import type { ImageSource } from './image-source.ts'
import { digestIn, MAX_DOCUMENT, openManifest, type OpenBlob, parseDocument, type Wanted } from './manifest.ts'

const CHUNK = 256 * 1024
const REF_NAME = 'org.opencontainers.image.ref.name'

/** How an image is chosen among several. */
export interface LayoutOptions {
  readonly tag?: string
  readonly wanted: Wanted
  readonly bounds: ListingBounds
}

/** Opens an image of an OCI layout (OCI image-spec, image-layout) in a folder. NOT_FOUND where there is none, or none of that tag. */
export async function openLayout(folder: string, options: LayoutOptions): Promise<ImageSource> {
  const file = join(folder, 'index.json')
  const { size } = await stat(file).catch((cause: unknown) => {
    throw new StatusError('NOT_FOUND', `Cannot open "${folder}": it is no OCI layout, there is no index.json in it`, { cause })
  })
  if (size > MAX_DOCUMENT) throw damaged(`"${file}" is larger than ${MAX_DOCUMENT} bytes`)
  const index = parseDocument(await readFile(file), 'index.json')
  return await openIndexed(
    index,
    ({ digest }) => createReadStream(join(folder, 'blobs', 'sha256', digest.slice('sha256:'.length)), { highWaterMark: CHUNK }),
    options,
  )
}

/** Opens the image that the index of a layout has under a tag, or the only one. */
export async function openIndexed(index: JsonObject, open: OpenBlob, { tag, wanted, bounds }: LayoutOptions): Promise<ImageSource> {
  const manifests = (Array.isArray(index['manifests']) ? index['manifests'] : []).filter(isJsonObject)
  const named = tag === undefined ? manifests : manifests.filter((manifest) => tagOf(manifest) === tag)
  const [only, ...others] = named
  if (only === undefined || others.length > 0) throw notOne(manifests, tag)
  return await openManifest(open, digestIn(only, 'the image in the layout'), { wanted, bounds })
}

function tagOf({ annotations }: JsonObject): string | undefined {
  const name = isJsonObject(annotations) ? annotations[REF_NAME] : undefined
  return typeof name === 'string' ? name : undefined
}

function notOne(manifests: readonly JsonObject[], tag: string | undefined): StatusError {
  const tags = manifests.flatMap((manifest) => tagOf(manifest) ?? []).slice(0, 20)
  const what = tag === undefined ? `it holds ${manifests.length} images` : `it holds no single image with tag "${tag}"`
  return new StatusError('NOT_FOUND', `Cannot open the layout: ${what}, expected one of its tags: ${tags.join(', ') || 'it has none'}`)
}
