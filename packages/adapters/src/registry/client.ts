import { repositoryOf, type ImageDigest, type ImageReference } from '@countersign/core/image/reference.ts'
import { StatusError } from '@countersign/core/status.ts'
import { type BlobWanted, readBlob } from './blob.ts'
import { MANIFEST_ACCEPT, type Manifest, MAX_MANIFEST_BYTES, readCreated, readManifest, type IndexChild } from './manifest.ts'
import { type ManifestToPush, pushBlob, pushManifest } from './push.ts'
import { listReferrers } from './referrers.ts'
import { refusalOf } from './refusal.ts'
import { listTags } from './tags.ts'
import { Transport, type TransportOptions } from './transport.ts'

const MAX_CONFIG_BYTES = 4 * 1024 * 1024
const DEFAULT_TAG = 'latest'
const AT_ONCE = 6

/** An image as its registry describes it. */
export interface ImageDescription {
  /** `docker.io/library/nginx` */
  readonly repository: string
  readonly digest: ImageDigest
  readonly mediaType: string
  /** The images of an index, in its order; empty for an image of its own. */
  readonly children: readonly IndexChild[]
  /** When it was built, as its configuration says (of an index: its first image's). */
  readonly created?: string
}

/** A manifest with the bytes that it was read from. */
export interface ManifestContent {
  readonly manifest: Manifest
  readonly bytes: Uint8Array
}

/** A digest of a repository and the tags that point to it. */
export interface TaggedImage extends ImageDescription {
  readonly tags: readonly string[]
}

/** Reads OCI registries, and pushes to them (distribution-spec 1.1 and Docker's v2). Every body is checked against its digest. */
export interface RegistryClient {
  /** The digest that a reference means now: its own, else its tag's (`latest` where it has none). NOT_FOUND where there is none. */
  resolveTag(reference: ImageReference): Promise<ImageDigest>
  /** All tags of the reference's repository, in the registry's order; at most 10,000 (RESOURCE_EXHAUSTED). */
  listTags(reference: ImageReference): Promise<readonly string[]>
  /** One image or index, by digest or tag. */
  describeImage(reference: ImageReference): Promise<ImageDescription>
  /** The manifest or index of a reference, as it lies in the registry. */
  readManifest(reference: ImageReference): Promise<ManifestContent>
  /** A blob of the reference's repository, as it comes: NOT_FOUND, or DATA_LOSS at the end of what is something else, or RESOURCE_EXHAUSTED at its bound. */
  readBlob(reference: ImageReference, wanted: BlobWanted): AsyncGenerator<Uint8Array>
  /** What hangs on an image, as the registry claims: signatures, SBOMs. At most 2,000 (RESOURCE_EXHAUSTED). */
  listReferrers(reference: ImageReference): Promise<readonly IndexChild[]>
  /** Stores a blob in the reference's repository, unless it is there. */
  pushBlob(reference: ImageReference, blob: { readonly digest: ImageDigest; readonly content: Blob }): Promise<'PUSHED' | 'EXISTED'>
  /** Stores a manifest byte for byte; whether the registry takes note of what it hangs on. */
  pushManifest(reference: ImageReference, manifest: ManifestToPush): Promise<{ readonly knowsSubject: boolean }>
  /** All tagged images of the repository, newest first. */
  listImages(reference: ImageReference): Promise<readonly TaggedImage[]>
}

/** Makes a client; it keeps tokens in memory, so make one a run. */
export function makeRegistryClient(options: TransportOptions): RegistryClient {
  const transport = new Transport(options)
  const resolveTag = async (reference: ImageReference) => reference.digest ?? (await fetchManifest(transport, reference)).digest
  return {
    resolveTag,
    listTags: (reference) => listTags(transport, reference),
    describeImage: (reference) => describe(transport, reference),
    readManifest: (reference) => fetchContent(transport, reference),
    readBlob: (reference, wanted) => readBlob(transport, reference, wanted),
    listReferrers: async (reference) => await listReferrers(transport, reference, await resolveTag(reference)),
    pushBlob: (reference, blob) => pushBlob(transport, reference, blob),
    pushManifest: (reference, manifest) => pushManifest(transport, reference, manifest),
    listImages: (reference) => listImages(transport, reference),
  }
}

async function describe(transport: Transport, reference: ImageReference): Promise<ImageDescription> {
  const manifest = await fetchManifest(transport, reference)
  const created = await fetchCreated(transport, reference, manifest)
  const { digest, mediaType } = manifest
  const children = manifest.kind === 'INDEX' ? manifest.children : []
  return { repository: repositoryOf(reference), digest, mediaType, children, ...(created === undefined ? {} : { created }) }
}

async function listImages(transport: Transport, reference: ImageReference): Promise<readonly TaggedImage[]> {
  const tags = [...(await listTags(transport, reference))]
  const found = new Map<ImageDigest, TaggedImage>()
  const work = async (): Promise<void> => {
    for (let tag = tags.shift(); tag !== undefined; tag = tags.shift()) {
      const image = await describe(transport, byTag(reference, tag))
      found.set(image.digest, { ...image, tags: [...(found.get(image.digest)?.tags ?? []), tag].sort() })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return [...found.values()].sort((one, other) => compare(other.created ?? '', one.created ?? '') || compare(one.digest, other.digest))
}

async function fetchManifest(transport: Transport, reference: ImageReference): Promise<Manifest> {
  return (await fetchContent(transport, reference)).manifest
}

async function fetchContent(transport: Transport, reference: ImageReference): Promise<ManifestContent> {
  if (reference.otherDigest !== undefined)
    throw new StatusError('FAILED_PRECONDITION', `Cannot look up ${reference.text}: only sha256 digests can be`)
  const { domain, path: repository, digest, tag = DEFAULT_TAG } = reference
  const path = `/v2/${repository}/manifests/${digest ?? tag}`
  const { status, headers, body } = await transport.get({ domain, repository, path, accept: MANIFEST_ACCEPT, maxBytes: MAX_MANIFEST_BYTES })
  if (status !== 200) throw refusalOf({ status }, reference)
  const claimed = headers.get('docker-content-digest') ?? undefined
  const expected = digest ?? (claimed?.startsWith('sha256:') ? claimed : undefined)
  const contentType = headers.get('content-type') ?? ''
  return { manifest: readManifest(body, { contentType, ...(expected === undefined ? {} : { expected }) }), bytes: body }
}

async function fetchCreated(transport: Transport, reference: ImageReference, manifest: Manifest): Promise<string | undefined> {
  if (manifest.kind === 'MANIFEST') return readCreated(await fetchConfig(transport, reference, manifest.config))
  const first = manifest.children.find(({ platform }) => platform !== undefined && !platform.startsWith('unknown/'))
  if (first === undefined) return undefined
  const child = await fetchManifest(transport, byDigest(reference, first.digest))
  // An index of indexes is allowed by the specification; its inner ones have no date either.
  return child.kind === 'MANIFEST' ? readCreated(await fetchConfig(transport, reference, child.config)) : undefined
}

async function fetchConfig(transport: Transport, reference: ImageReference, digest: ImageDigest): Promise<Uint8Array> {
  return Buffer.concat(await Array.fromAsync(readBlob(transport, reference, { digest, maxBytes: MAX_CONFIG_BYTES })))
}

function byTag({ text, domain, path }: ImageReference, tag: string): ImageReference {
  return { text, domain, path, tag }
}

function byDigest({ text, domain, path }: ImageReference, digest: ImageDigest): ImageReference {
  return { text, domain, path, digest }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
