import type { Bytes } from '../tar/byte-source.ts'

/** One image, of which the layers can be read one after the other. */
export interface ImageSource {
  /** Of the manifest; of the configuration where there is no manifest. */
  readonly digest: string
  readonly config: ImageConfig
  /** Lowest first. Each is checked against its digest as it is read: DATA_LOSS at the end of one that is something else. */
  readonly layers: readonly LayerSource[]
}

/** A layer, packed or not. */
export interface LayerSource {
  open(): Bytes
}

/** What an image's configuration says, as far as it matters here. */
export interface ImageConfig {
  readonly platform?: string
  readonly diffIds: readonly string[]
}
