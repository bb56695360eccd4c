/** A piece of software inside an image, as its SBOM names it. */
export interface Component {
  readonly name: string
  readonly version: string
  /** Package URL. */
  readonly purl: string
  /** SPDX identifier or expression, where its maker states one. */
  readonly license?: string
}
