import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bundle, bundleProgram, ownNode, programVersion } from './bundle.ts'
import { unpackDebian } from './debian-files.ts'
import { type Content, type Layer, packLayer } from './layer.ts'
import { assembleImage, type BuiltImage } from './oci-layout.ts'
import { DATA_FOLDER, layOutData, layOutNode, layOutProgram, type Recipe, recipes, USER } from './recipe.ts'
import { cycloneDx } from './sbom.ts'

export interface BuildOptions {
  /** Asks Debian for its newest packages instead of taking those of the last build. */
  readonly fresh: boolean
  readonly say: (line: string) => void
}

/** Builds all images. What they share (Node.js, the bundle) is made once. */
export async function buildImages({ fresh, say }: BuildOptions): Promise<readonly BuiltImage[]> {
  say('Bundling the program …')
  const bundle = await bundleProgram()
  say('Packing Node.js …')
  const node = await layerOf(layOutNode)
  const data = await layerOf(layOutData, { path: DATA_FOLDER.slice(1), owner: USER })
  const images: BuiltImage[] = []
  for (const recipe of recipes) {
    say(`Packing ${recipe.name} …`)
    images.push(await buildImage(recipe, { fresh, bundle, node, data }))
  }
  return images
}

async function buildImage(
  recipe: Recipe,
  parts: { readonly fresh: boolean; readonly bundle: Bundle; readonly node: Layer; readonly data: Layer },
): Promise<BuiltImage> {
  const version = programVersion()
  const debian = await unpackDebian(recipe.packages, { fresh: parts.fresh })
  const sbom = cycloneDx({ name: recipe.name, version }, [...debian.components, ownNode().component, ...parts.bundle.packages])
  const license = join(import.meta.dirname, '../../LICENSE')
  const program = await layerOf((root) => layOutProgram(root, { recipe, bundle: parts.bundle, sbom, license }))
  return assembleImage(recipe, { version, sbom, layers: [await packLayer(debian.folder), parts.node, program, parts.data] })
}

async function layerOf(layOut: (root: string) => void, content?: Content): Promise<Layer> {
  const root = mkdtempSync(join(tmpdir(), 'countersign-image-'))
  try {
    // What is packed must not depend on who builds: temporary folders are closed to others, a root is not.
    chmodSync(root, 0o755)
    layOut(root)
    return await packLayer(root, content)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}
