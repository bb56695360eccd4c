import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Blob, jsonBlob, type Layer } from './layer.ts'
import { DATA_FOLDER, type Recipe, USER } from './recipe.ts'
import { CYCLONEDX_JSON } from './sbom.ts'

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const CONFIG = 'application/vnd.oci.image.config.v1+json'
const EMPTY = 'application/vnd.oci.empty.v1+json'
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

/** An image with everything that belongs to it. */
export interface BuiltImage {
  readonly recipe: Recipe
  /** `sha256:…` of the image's manifest: what is signed, and what a Pod names. */
  readonly digest: string
  readonly manifest: Blob
  /** The manifest that hangs the SBOM on the image. */
  readonly sbomManifest: Blob
  readonly blobs: readonly Blob[]
}

/** Puts layers and SBOM together to an image (OCI image specification 1.1). No time is in it, so that it has one digest wherever it is built. */
export function assembleImage(
  recipe: Recipe,
  options: { readonly version: string; readonly layers: readonly Layer[]; readonly sbom: unknown },
): BuiltImage {
  const labels = {
    'org.opencontainers.image.title': recipe.title,
    'org.opencontainers.image.version': options.version,
    'org.opencontainers.image.licenses': 'Apache-2.0',
  }
  const config = jsonBlob(CONFIG, configOf(recipe, options.layers, labels))
  const manifest = jsonBlob(MANIFEST, {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: descriptorOf(config),
    layers: options.layers.map(descriptorOf),
    annotations: labels,
  })
  const [empty, sbom] = [jsonBlob(EMPTY, {}), jsonBlob(CYCLONEDX_JSON, options.sbom)]
  const sbomManifest = jsonBlob(MANIFEST, {
    schemaVersion: 2,
    mediaType: MANIFEST,
    artifactType: CYCLONEDX_JSON,
    config: descriptorOf(empty),
    layers: [descriptorOf(sbom)],
    subject: descriptorOf(manifest),
  })
  return { recipe, digest: manifest.digest, manifest, sbomManifest, blobs: [config, ...options.layers, manifest, empty, sbom, sbomManifest] }
}

function configOf(recipe: Recipe, layers: readonly Layer[], labels: Readonly<Record<string, string>>): unknown {
  return {
    architecture: architectures[process.arch] ?? process.arch,
    os: 'linux',
    config: {
      User: `${USER}:${USER}`,
      Entrypoint: recipe.entrypoint,
      Cmd: recipe.command,
      Env: ['PATH=/usr/bin', 'NODE_ENV=production', `COUNTERSIGN_DATA=${DATA_FOLDER}`],
      WorkingDir: DATA_FOLDER,
      Volumes: { [DATA_FOLDER]: {} },
      Labels: labels,
    },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
  }
}

function descriptorOf({ mediaType, digest, bytes }: Blob): { readonly mediaType: string; readonly digest: string; readonly size: number } {
  return { mediaType, digest, size: bytes.length }
}

/** Writes images as one OCI layout; each bears its name as reference, and its SBOM is found by its subject. */
export function writeLayout(folder: string, images: readonly BuiltImage[]): void {
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true })
  for (const { digest, bytes } of images.flatMap((image) => image.blobs)) writeFileSync(join(folder, 'blobs', digest.replace(':', '/')), bytes)
  const manifests = images.flatMap(({ recipe, manifest, sbomManifest }) => [
    { ...descriptorOf(manifest), annotations: { 'org.opencontainers.image.ref.name': recipe.name } },
    { ...descriptorOf(sbomManifest), artifactType: CYCLONEDX_JSON },
  ])
  writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests }))
  writeFileSync(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
}
