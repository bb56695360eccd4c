import { repositoryOf, type ImageDigest, type ImageReference } from '@countersign/core/image/reference.ts'
import { StatusError } from '@countersign/core/status.ts'
import { digestOf, MANIFEST_ACCEPT, type Manifest, MAX_MANIFEST_BYTES, readCreated, readManifest, type IndexChild } from './manifest.ts'
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

/** A digest of a repository and the tags that point to it. */
export interface TaggedImage extends ImageDescription {
  readonly tags: readonly string[]
}

/** Reads OCI registries (distribution-spec 1.1 and Docker's v2). Every body is checked against its digest. */
export interface RegistryClient {
  /** The digest that a reference means now: its own, else its tag's (`latest` where it has none). NOT_FOUND where there is none. */
  resolveTag(reference: ImageReference): Promise<ImageDigest>
  /** All tags of the reference's repository, in the registry's order; at most 10,000 (RESOURCE_EXHAUSTED). */
  listTags(reference: ImageReference): Promise<readonly string[]>
  /** One image or index, by digest or tag. */
  describeImage(reference: ImageReference): Promise<ImageDescription>
  /** All tagged images of the repository, newest first. */
  listImages(reference: ImageReference): Promise<readonly TaggedImage[]>
}

/** Makes a client; it keeps tokens in memory, so make one a run. */
export function makeRegistryClient(options: TransportOptions): RegistryClient {
  const transport = new Transport(options)
  return {
    resolveTag: async (reference) => reference.digest ?? (await fetchManifest(transport, reference)).digest,
    listTags: (reference) => listTags(transport, reference),
    describeImage: (reference) => describe(transport, reference),
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
  if (reference.otherDigest !== undefined)
    throw new StatusError('FAILED_PRECONDITION', `Cannot look up ${reference.text}: only sha256 digests can be`)
  const { domain, path: repository, digest, tag = DEFAULT_TAG } = reference
  const path = `/v2/${repository}/manifests/${digest ?? tag}`
  const answer = await transport.get({ domain, repository, path, accept: MANIFEST_ACCEPT, maxBytes: MAX_MANIFEST_BYTES })
  if (answer.status !== 200) throw refusalOf(answer, reference)
  const claimed = answer.headers.get('docker-content-digest') ?? undefined
  const expected = digest ?? (claimed?.startsWith('sha256:') ? claimed : undefined)
  return readManifest(answer.body, { contentType: answer.headers.get('content-type') ?? '', ...(expected === undefined ? {} : { expected }) })
}

async function fetchCreated(transport: Transport, reference: ImageReference, manifest: Manifest): Promise<string | undefined> {
  if (manifest.kind === 'MANIFEST') return readCreated(await fetchBlob(transport, reference, manifest.config))
  const first = manifest.children.find(({ platform }) => platform !== undefined && !platform.startsWith('unknown/'))
  if (first === undefined) return undefined
  const child = await fetchManifest(transport, byDigest(reference, first.digest))
  // An index of indexes is allowed by the specification; its inner ones have no date either.
  return child.kind === 'MANIFEST' ? readCreated(await fetchBlob(transport, reference, child.config)) : undefined
}

async function fetchBlob(transport: Transport, reference: ImageReference, digest: ImageDigest): Promise<Uint8Array> {
  const { domain, path: repository } = reference
  const answer = await transport.get({ domain, repository, path: `/v2/${repository}/blobs/${digest}`, accept: '*/*', maxBytes: MAX_CONFIG_BYTES })
  if (answer.status !== 200) throw refusalOf(answer, reference)
  if (digestOf(answer.body) === digest) return answer.body
  throw new StatusError('DATA_LOSS', `Cannot trust the registry: it gave other content for ${digest}`)
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
