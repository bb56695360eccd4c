import type { ImageDigest, ImageReference } from '@countersign/core/image/reference.ts'
import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { RegistryClient } from './client.ts'
import type { Layout, LayoutManifest } from './layout.ts'
import { parseObject } from './read-body.ts'
import { referrersTag } from './referrers.ts'

const INDEX = 'application/vnd.oci.image.index.v1+json'
const MAX_MANIFESTS = 2000

/** What came of pushing an image. */
export interface PushedImage {
  readonly digest: ImageDigest
  readonly blobs: { readonly pushed: number; readonly existed: number }
  /** What hangs on it and came along, such as its SBOM. */
  readonly referrers: readonly { readonly digest: ImageDigest; readonly artifactType?: string }[]
}

export interface PushOrder {
  /** The name that the image has in the layout; the only image's where absent. */
  readonly name?: string
  /** Where it goes: the repository, and the tag where it has one. */
  readonly to: ImageReference
}

/**
 * Pushes an image of a layout byte for byte, so that its digest stays, and after it what hangs on it. What an index or a manifest names is there before
 * it is. Pushing again is no error and sends only what is missing.
 */
export async function pushLayout(client: RegistryClient, layout: Layout, { name, to }: PushOrder): Promise<PushedImage> {
  const manifests = new Map<ImageDigest, LayoutManifest>()
  for (const { digest } of layout.manifests) await gather(layout, digest, manifests)
  const top = choose(layout, manifests, name)
  const pushing = new Pushing(client, layout, to, manifests)
  await pushing.pushTree(top, to.tag)
  const referrers = await pushing.pushReferrers()
  return { digest: top.digest, blobs: pushing.blobs, referrers }
}

async function gather(layout: Layout, digest: ImageDigest, found: Map<ImageDigest, LayoutManifest>): Promise<void> {
  if (found.has(digest)) return
  if (found.size >= MAX_MANIFESTS) throw new StatusError('RESOURCE_EXHAUSTED', `Cannot push: the layout has more than ${MAX_MANIFESTS} manifests`)
  const manifest = await layout.readManifest(digest)
  found.set(digest, manifest)
  for (const child of manifest.children) await gather(layout, child, found)
}

function choose({ manifests }: Layout, found: ReadonlyMap<ImageDigest, LayoutManifest>, name: string | undefined): LayoutManifest {
  const images = manifests.filter(({ digest }) => found.get(digest)?.subject === undefined)
  const [only, ...others] = name === undefined ? images : images.filter((one) => one.name === name)
  const chosen = only === undefined || others.length > 0 ? undefined : found.get(only.digest)
  if (chosen !== undefined) return chosen
  const names = images.flatMap((one) => (one.name === undefined ? [] : [quote(one.name)])).slice(0, 20)
  const what = name === undefined ? `it holds ${images.length} images` : `it holds no single image ${quote(name)}`
  throw new StatusError('NOT_FOUND', `Cannot choose an image of the layout: ${what}, expected one of its names: ${names.join(', ') || 'it has none'}`)
}

class Pushing {
  readonly blobs = { pushed: 0, existed: 0 }
  readonly #client: RegistryClient
  readonly #layout: Layout
  readonly #to: ImageReference
  readonly #manifests: ReadonlyMap<ImageDigest, LayoutManifest>
  readonly #done = new Set<ImageDigest>()

  constructor(client: RegistryClient, layout: Layout, to: ImageReference, manifests: ReadonlyMap<ImageDigest, LayoutManifest>) {
    this.#client = client
    this.#layout = layout
    this.#to = to
    this.#manifests = manifests
  }

  async pushTree(manifest: LayoutManifest, tag?: string): Promise<{ readonly knowsSubject: boolean }> {
    for (const digest of manifest.children) {
      const child = this.#manifests.get(digest)
      if (child !== undefined && !this.#done.has(digest)) await this.pushTree(child)
    }
    for (const digest of manifest.blobs) await this.#pushBlob(digest)
    this.#done.add(manifest.digest)
    const { bytes, mediaType } = manifest
    return await this.#client.pushManifest(this.#to, { bytes, mediaType, ...(tag === undefined ? {} : { tag }) })
  }

  /** All that hangs on what was pushed, and on that in turn. */
  async pushReferrers(): Promise<PushedImage['referrers']> {
    const pushed: { readonly digest: ImageDigest; readonly artifactType?: string }[] = []
    for (let next = this.#nextReferrer(); next !== undefined; next = this.#nextReferrer()) {
      const { manifest, subject } = next
      const { digest, artifactType } = manifest
      const { knowsSubject } = await this.pushTree(manifest)
      if (!knowsSubject) await this.#keepByTag(manifest, subject)
      pushed.push({ digest, ...(artifactType === undefined ? {} : { artifactType }) })
    }
    return pushed
  }

  #nextReferrer(): { readonly manifest: LayoutManifest; readonly subject: ImageDigest } | undefined {
    for (const manifest of this.#manifests.values()) {
      const { digest, subject } = manifest
      if (subject !== undefined && this.#done.has(subject) && !this.#done.has(digest)) return { manifest, subject }
    }
    return undefined
  }

  async #pushBlob(digest: ImageDigest): Promise<void> {
    if (this.#done.has(digest)) return
    this.#done.add(digest)
    const outcome = await this.#client.pushBlob(this.#to, { digest, content: await this.#layout.openBlob(digest) })
    this.blobs[outcome === 'PUSHED' ? 'pushed' : 'existed']++
  }

  /** Two who push at the same time may each lose the other's entry: the specification knows no better where the registry has no API. */
  async #keepByTag(manifest: LayoutManifest, subject: ImageDigest): Promise<void> {
    const { digest, mediaType, artifactType, annotations, bytes } = manifest
    const tag = referrersTag(subject)
    const index = await this.#findIndex(tag)
    const listed = Array.isArray(index['manifests']) ? index['manifests'].filter(isJsonObject) : []
    if (listed.some((referrer) => referrer['digest'] === digest)) return
    const added = { digest, mediaType, size: bytes.length, artifactType, annotations }
    const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, ...index, manifests: [...listed, added] }))
    await this.#client.pushManifest(this.#to, { bytes: body, mediaType: INDEX, tag })
  }

  /** As it lies there, whatever else its entries say. */
  async #findIndex(tag: string): Promise<JsonObject> {
    const { text, domain, path } = this.#to
    try {
      const { bytes } = await this.#client.readManifest({ text, domain, path, tag })
      return parseObject(bytes, `what is under the tag ${tag}`)
    } catch (error) {
      if (error instanceof StatusError && error.code === 'NOT_FOUND') return {}
      throw error
    }
  }
}
