import { StatusError } from '@countersign/core/status.ts'

/** How much of an image is read before it is given up: whoever made the image may be hostile. */
export interface ListingBounds {
  /** Of all layers together, unpacked. */
  readonly maxUnpackedBytes: number
  /** Files, folders and links of all layers together. */
  readonly maxEntries: number
  /** Of one file that has to be held in memory whole, such as a package database or an archive of Java classes. */
  readonly maxFileBytes: number
  /** Packages that one image may have. */
  readonly maxPackages: number
  readonly maxLayers: number
}

/** Ten times what the largest images that people run have. */
export const LISTING_BOUNDS: ListingBounds = {
  maxUnpackedBytes: 64 * 1024 ** 3,
  maxEntries: 3_000_000,
  maxFileBytes: 128 * 1024 ** 2,
  maxPackages: 100_000,
  maxLayers: 1000,
}

/** No file system takes a longer path. */
export const MAX_PATH = 4096

/** The error for an image that exceeds a bound. */
export function exceeded(what: string): StatusError {
  return new StatusError('RESOURCE_EXHAUSTED', `Cannot list what is in the image: ${what}`)
}

/** The error for an image whose bytes are not what they should be. */
export function damaged(what: string, cause?: unknown): StatusError {
  return new StatusError('DATA_LOSS', `Cannot list what is in the image: ${what}`, { cause })
}
