import type { Distribution, ListedPackage } from '@countersign/service/scanning/listing.ts'
import { exceeded, type ListingBounds } from './bounds.ts'
import type { FileFacts, FoundPackage } from './facts.ts'

interface OverlaidFile {
  readonly path: string
  readonly facts: FileFacts
  readonly layer: number
}

interface Folder {
  readonly children: Map<string, Folder>
  file?: OverlaidFile
  /** What is below is of this layer or a higher one: taking from lower ones again finds nothing, and costs nothing. */
  lowest: number
}

const WHITEOUT = '.wh.'
const OPAQUE = '.wh..wh..opq'

/** What is left when all layers lie over each other. */
export interface Overlaid {
  readonly distribution?: Distribution
  readonly packages: readonly ListedPackage[]
  readonly problems: readonly string[]
  readonly unsupported?: string
}

/**
 * The files of interest as they lie over each other (OCI image-spec, "Layer Filesystem Changeset"): an upper layer's file, or its mark `.wh.NAME`,
 * takes what lower layers have there, and `.wh..wh..opq` all that they have in the folder. Holds what files told, not the files.
 */
export class Overlay {
  readonly #bounds: Pick<ListingBounds, 'maxPackages'>
  readonly #root: Folder = { children: new Map(), lowest: 0 }
  #packages = 0

  constructor(bounds: Pick<ListingBounds, 'maxPackages'>) {
    this.#bounds = bounds
  }

  /** An entry of a layer takes the place of what lower layers have at its path. Layers come lowest first. */
  apply(path: string, kind: 'FOLDER' | 'OTHER', layer: number): void {
    const slash = path.lastIndexOf('/')
    const [folder, name] = [path.slice(0, Math.max(0, slash)), path.slice(slash + 1)]
    if (name === OPAQUE) this.#take(folder, layer)
    else if (name.startsWith(WHITEOUT)) this.#take(`${folder}/${name.slice(WHITEOUT.length)}`, layer)
    else if (kind === 'OTHER') this.#take(path, layer + 1)
    else delete this.#find(path)?.file
  }

  /** What a file told. */
  set(path: string, facts: FileFacts, layer: number): void {
    if (Object.keys(facts).length === 0) return
    this.#packages += facts.packages?.length ?? 0
    if (this.#packages > this.#bounds.maxPackages) throw exceeded(`it has more than ${this.#bounds.maxPackages} packages`)
    let folder = this.#root
    for (const step of path.split('/')) {
      const child = folder.children.get(step) ?? { children: new Map(), lowest: layer }
      folder.children.set(step, child)
      folder = child
    }
    folder.file = { path, facts, layer }
  }

  /** A second name of a file that is held. */
  link(path: string, target: string, layer: number): void {
    const file = this.#find(target)?.file
    if (file !== undefined) this.set(path, file.facts, layer)
  }

  conclude(): Overlaid {
    const files = [...filesOf(this.#root)].sort(({ path: one }, { path: other }) => (one < other ? -1 : 1))
    const releases = files.filter(({ facts }) => facts.distribution !== undefined)
    const distribution = (releases.find(({ path }) => path === 'etc/os-release') ?? releases[0])?.facts.distribution
    const packages = files.flatMap((file) => (file.facts.packages ?? []).flatMap((found) => listed(found, file, distribution)))
    const problems = files.flatMap(({ facts }) => facts.problems ?? [])
    const unsupported = files.find(({ facts }) => facts.unsupported !== undefined)?.facts.unsupported ?? findStranger(files, distribution)
    return { ...(distribution === undefined ? {} : { distribution }), packages, problems, ...(unsupported === undefined ? {} : { unsupported }) }
  }

  #find(path: string): Folder | undefined {
    return path
      .split('/')
      .filter((step) => step !== '')
      .reduce<Folder | undefined>((folder, step) => folder?.children.get(step), this.#root)
  }

  #take(path: string, below: number): void {
    const folder = this.#find(path)
    if (folder !== undefined) takeFrom(folder, below)
  }
}

function takeFrom(folder: Folder, below: number): void {
  if (folder.file !== undefined && folder.file.layer < below) delete folder.file
  if (folder.lowest >= below) return
  folder.lowest = below
  for (const [name, child] of folder.children) {
    takeFrom(child, below)
    if (child.file === undefined && child.children.size === 0) folder.children.delete(name)
  }
}

function* filesOf(folder: Folder): Generator<OverlaidFile> {
  if (folder.file !== undefined) yield folder.file
  for (const child of folder.children.values()) yield* filesOf(child)
}

function listed(found: FoundPackage, { path: filePath, layer }: OverlaidFile, distribution: Distribution | undefined): readonly ListedPackage[] {
  if (found.type !== 'OS') return [{ ...found, filePath, layer }]
  return distribution?.ecosystem === undefined ? [] : [{ ...found, filePath, layer, ecosystem: distribution.ecosystem }]
}

/** Packages of a system that is not known cannot be judged, as none of their versions can be compared. */
function findStranger(files: readonly OverlaidFile[], distribution: Distribution | undefined): string | undefined {
  if (distribution?.ecosystem !== undefined || !files.some(({ facts }) => facts.packages?.some(({ type }) => type === 'OS'))) return undefined
  if (distribution === undefined) return 'it has packages of a distribution, but no os-release that says which'
  return `no feed that can be read here speaks of the packages of ${distribution.prettyName}`
}
