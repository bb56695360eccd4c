import type { ImageListing } from '@countersign/service/scanning/listing.ts'
import { exceeded, LISTING_BOUNDS, type ListingBounds } from './bounds.ts'
import type { FileFacts } from './facts.ts'
import type { ImageSource, LayerSource } from './image/image-source.ts'
import { Overlay } from './overlay.ts'
import { findReader } from './readers/find-reader.ts'
import { readGo } from './readers/go.ts'
import { readTar, type TarEntry } from './tar/tar.ts'
import { type Allowance, unpack } from './tar/unpack.ts'

/** How a listing is done. */
export interface ListingOptions {
  readonly bounds?: ListingBounds
  /** Ends the listing where it is aborted, with its reason. */
  readonly signal?: AbortSignal
  /** Hears before each layer, and every so many entries of one. */
  readonly onProgress?: (progress: ListingProgress) => void
}

export interface ListingProgress {
  /** From 1. */
  readonly layer: number
  readonly layers: number
  readonly entries: number
}

/** Smaller programs than Go's linker can make. */
const MIN_GO = 64 * 1024
const PROGRESS_STEP = 5000

/**
 * Lists the packages of an image: layers are read as they come, lowest first, and nothing is written. RESOURCE_EXHAUSTED for an image that exceeds a
 * bound, DATA_LOSS for one that is damaged or not what its digests say. What is there and cannot be read is told in `problems`.
 */
export async function listPackages(image: ImageSource, options: ListingOptions = {}): Promise<ImageListing> {
  const bounds = options.bounds ?? LISTING_BOUNDS
  const state: State = { overlay: new Overlay(bounds), allowance: { bytes: bounds.maxUnpackedBytes }, bounds, entries: 0, options }
  for (const [index, layer] of image.layers.entries()) {
    await readLayer(state, layer, { index, layers: image.layers.length })
  }
  const { digest, config } = image
  return { digest, ...(config.platform === undefined ? {} : { platform: config.platform }), layers: config.diffIds, ...state.overlay.conclude() }
}

interface State {
  readonly overlay: Overlay
  readonly allowance: Allowance
  readonly bounds: ListingBounds
  readonly options: ListingOptions
  entries: number
}

async function readLayer(state: State, layer: LayerSource, { index, layers }: { readonly index: number; readonly layers: number }): Promise<void> {
  const { overlay, bounds, options } = state
  options.onProgress?.({ layer: index + 1, layers, entries: state.entries })
  for await (const entry of readTar(unpack(layer.open(), state.allowance))) {
    options.signal?.throwIfAborted()
    if (++state.entries > bounds.maxEntries) throw exceeded(`it has more than ${bounds.maxEntries} files`)
    if (state.entries % PROGRESS_STEP === 0) options.onProgress?.({ layer: index + 1, layers, entries: state.entries })
    overlay.apply(entry.path, entry.kind === 'FOLDER' ? 'FOLDER' : 'OTHER', index)
    if (entry.kind === 'HARD_LINK') overlay.link(entry.path, entry.link, index)
    else if (entry.kind === 'FILE') overlay.set(entry.path, await readFacts(entry, state), index)
  }
}

async function readFacts(entry: TarEntry, { bounds, allowance }: State): Promise<FileFacts> {
  const reader = findReader(entry.path)
  if (reader === undefined) return (entry.mode & 0o111) === 0 || entry.size < MIN_GO ? {} : await readGo(entry.chunks(), entry.path)
  const maxBytes = Math.min(reader.maxBytes, bounds.maxFileBytes)
  if (entry.size > maxBytes) return { problems: [`${entry.path} has ${entry.size} bytes, more than the ${maxBytes} that are read`] }
  return await reader.read(await entry.bytes(), entry.path, allowance)
}
