import { createReadStream } from 'node:fs'
import { posix } from 'node:path'
import { isJsonObject } from '@countersign/core/json-object.ts'
import { StatusError } from '@countersign/core/status.ts'
import { damaged, exceeded, type ListingBounds } from '../bounds.ts'
import { cleanPath, readTar } from '../tar/tar.ts'
import type { Bytes } from '../tar/byte-source.ts'
import { checked } from './checked.ts'
import type { ImageSource, LayerSource } from './image-source.ts'
import { openIndexed, type LayoutOptions } from './layout.ts'
import { digestOf, parseDocument, readConfig, readDocument } from './manifest.ts'
import { unpack } from '../tar/unpack.ts'

const CHUNK = 256 * 1024
/** What an archive of images holds, apart from the layers' own content: manifests, configurations and layers. */
const MAX_FILES = 20_000

interface Place {
  readonly offset: number
  readonly size: number
}

/** Opens an image of an archive: of `docker save`, or an OCI layout in a tar. The file is looked through once, and its layers are read where they lie. */
export async function openArchive(file: string, options: LayoutOptions): Promise<ImageSource> {
  const places = await indexArchive(file)
  const open = (name: string): Bytes => {
    const place = places.get(name)
    if (place === undefined) throw damaged(`${JSON.stringify(name.slice(0, 200))} is not in the archive`)
    return place.size === 0 ? nothing() : createReadStream(file, { start: place.offset, end: place.offset + place.size - 1, highWaterMark: CHUNK })
  }
  if (places.has('manifest.json')) return await openDocker(open, options)
  if (!places.has('index.json'))
    throw new StatusError('NOT_FOUND', `Cannot open "${file}": it is no archive of images, it has neither manifest.json nor index.json`)
  const index = parseDocument(await readDocument(open('index.json')), 'index.json')
  return await openIndexed(index, ({ digest }) => open(`blobs/sha256/${digest.slice('sha256:'.length)}`), options)
}

/** Where each file lies in the archive. Docker writes a layer that it has already as a symbolic link to it. */
async function indexArchive(file: string): Promise<ReadonlyMap<string, Place>> {
  const places = new Map<string, Place>()
  const links = new Map<string, string>()
  for await (const entry of readTar(openFile(file))) {
    if (places.size + links.size > MAX_FILES) throw exceeded(`the archive has more than ${MAX_FILES} files`)
    if (entry.kind === 'FILE') places.set(entry.path, { offset: entry.offset, size: entry.size })
    else if (entry.kind === 'SYMBOLIC_LINK') links.set(entry.path, cleanPath(posix.join(posix.dirname(entry.path), entry.link)))
    else if (entry.kind === 'HARD_LINK') links.set(entry.path, entry.link)
  }
  for (const [path, target] of links) {
    const place = places.get(target)
    if (place !== undefined) places.set(path, place)
  }
  return places
}

async function* openFile(file: string): AsyncGenerator<Uint8Array> {
  let first = true
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: CHUNK }) as AsyncIterable<Buffer>) {
      if (first && chunk[0] === 0x1f && chunk[1] === 0x8b)
        throw new StatusError('INVALID_ARGUMENT', `Cannot open "${file}": it is packed, unpack it first with gunzip`)
      first = false
      yield chunk
    }
  } catch (cause) {
    if (cause instanceof StatusError) throw cause
    throw new StatusError(
      'NOT_FOUND',
      `Cannot open "${file}": ${cause instanceof Error && 'code' in cause ? String(cause.code) : 'it cannot be read'}`,
      { cause },
    )
  }
}

async function openDocker(open: (name: string) => Bytes, { tag, bounds }: LayoutOptions): Promise<ImageSource> {
  const images = parseList(await readDocument(open('manifest.json')))
  const named = tag === undefined ? images : images.filter(({ tags }) => tags.some((one) => one === tag || one.endsWith(`:${tag}`)))
  const [only, ...others] = named
  if (only === undefined || others.length > 0) {
    const tags = images.flatMap((image) => image.tags).slice(0, 20)
    throw new StatusError(
      'NOT_FOUND',
      `Cannot open the archive: it holds ${named.length} such images, expected one of its tags: ${tags.join(', ') || 'it has none'}`,
    )
  }
  const bytes = await readDocument(open(only.config))
  const config = readConfig(parseDocument(bytes, only.config))
  if (only.layers.length > bounds.maxLayers) throw exceeded(`it has more than ${bounds.maxLayers} layers`)
  if (only.layers.length !== config.diffIds.length) throw damaged('its configuration tells of other layers than it has')
  return {
    digest: digestOf(bytes),
    config,
    layers: only.layers.map((layer, index) => layerOf(open, layer, { diffId: config.diffIds[index] ?? '', bounds })),
  }
}

/** Nothing but the configuration says what a layer of docker's is: the digest of its content, unpacked. */
function layerOf(
  open: (name: string) => Bytes,
  name: string,
  { diffId, bounds }: { readonly diffId: string; readonly bounds: ListingBounds },
): LayerSource {
  return { open: () => checked(unpack(open(name), { bytes: bounds.maxUnpackedBytes }), diffId) }
}

interface SavedImage {
  readonly config: string
  readonly tags: readonly string[]
  readonly layers: readonly string[]
}

function parseList(bytes: Buffer): readonly SavedImage[] {
  let tree: unknown
  try {
    tree = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw damaged('manifest.json is no JSON', error)
  }
  if (!Array.isArray(tree)) throw damaged('manifest.json is no list of images')
  return tree.filter(isJsonObject).map(({ Config: config, RepoTags: tags, Layers: layers }) => {
    if (typeof config !== 'string') throw damaged('manifest.json names no configuration')
    return { config: cleanPath(config), tags: texts(tags), layers: texts(layers).map(cleanPath) }
  })
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
