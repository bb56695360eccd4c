import type { EcosystemName } from '@countersign/advisories/ecosystem.ts'
import type { InstalledPackage } from '@countersign/advisories/match/match.ts'

/** What kind of package it is, by the names of Container Analysis (kritis-and-grafeas.md §5.2). */
export type PackageType = 'OS' | 'GO' | 'GO_STDLIB' | 'MAVEN' | 'NPM' | 'PYPI'

/** A package that is in an image. */
export interface ListedPackage extends InstalledPackage {
  readonly type: PackageType
  /** The file that tells of it, and the layer that brought the file. */
  readonly filePath: string
  readonly layer: number
  readonly license?: string
  readonly architecture?: string
}

/** The distribution that an image is made of, as its os-release says. */
export interface Distribution {
  /** `debian`, `alpine`: lower case. */
  readonly id: string
  /** As written: `12`, `3.19.1`; empty where there is none. */
  readonly version: string
  /** `Debian GNU/Linux 12 (bookworm)` */
  readonly prettyName: string
  /** Absent for a distribution whose versions we cannot order. */
  readonly ecosystem?: { readonly name: EcosystemName; readonly release?: string }
}

/** All that was found in one image. */
export interface ImageListing {
  /** Of the manifest; an archive of docker has none, there it is that of the configuration, docker's image id. */
  readonly digest: string
  /** `linux/amd64`; absent where the configuration does not say. */
  readonly platform?: string
  readonly distribution?: Distribution
  readonly packages: readonly ListedPackage[]
  /** Diff ids of the layers, lowest first, where the configuration tells them. */
  readonly layers: readonly string[]
  /** What is there and could not be read, in sentences: whoever reads the result must know that it is not whole. */
  readonly problems: readonly string[]
  /** Why the packages of the system could not be listed, where they could not: then nothing can be concluded about the image. */
  readonly unsupported?: string
}
