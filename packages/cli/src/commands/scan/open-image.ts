import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { LISTING_BOUNDS } from '@countersign/adapters/listing/bounds.ts'
import { openArchive } from '@countersign/adapters/listing/image/archive.ts'
import type { ImageSource } from '@countersign/adapters/listing/image/image-source.ts'
import { openLayout } from '@countersign/adapters/listing/image/layout.ts'
import { type Descriptor, MAX_DOCUMENT, openManifest, type OpenBlob } from '@countersign/adapters/listing/image/manifest.ts'
import type { RegistryClient } from '@countersign/adapters/registry/client.ts'
import { type ImageDigest, type ImageReference, isImageDigest, parseImageReference, repositoryOf } from '@countersign/core/image/reference.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Context } from '../../context.ts'
import { UsageError } from '../../terminal.ts'
import type { Given } from '../given.ts'
import { acceptImage, openRegistry } from '../images/registry.ts'

/** An image that can be listed, wherever it lies. */
export interface OpenedImage {
  /** As people know it: with its digest where it lies in a registry. */
  readonly name: string
  readonly source: ImageSource
  /** What a scan is told of; absent where the image has no place in a registry. */
  readonly resourceUri?: string
}

/** Opens what the command line names. */
export async function openImage(context: Context, given: Given): Promise<OpenedImage> {
  const text = given.argument(0)
  const [, kind, rest = ''] = /^(oci|docker-archive):(.+)$/.exec(text) ?? []
  if (kind !== undefined) return await openLocal(context, given, { text, kind, rest })
  const reference = acceptImage(text)
  const registry = await openRegistry(context.terminal, given)
  const digest = await registry.resolveTag(reference)
  const source = await openManifest(blobsOf(registry, reference), digest, optionsOf(given))
  const named = `${repositoryOf(reference)}@${source.digest}`
  return { name: named, source, resourceUri: `https://${named}` }
}

/** Manifests are answered apart from blobs, and each is looked up by its digest alone. */
function blobsOf(registry: RegistryClient, { text, domain, path }: ImageReference): OpenBlob {
  return ({ digest, size }, kind) => {
    const wanted = acceptDigest(digest)
    const reference = { text, domain, path, digest: wanted }
    if (kind === 'MANIFEST') return readWhole(registry, reference)
    return registry.readBlob(reference, { digest: wanted, ...(size === undefined ? { maxBytes: MAX_DOCUMENT } : { size, maxBytes: size }) })
  }
}

async function* readWhole(registry: RegistryClient, reference: ImageReference): AsyncGenerator<Uint8Array> {
  yield (await registry.readManifest(reference)).bytes
}

interface LocalImage {
  readonly text: string
  readonly kind: string
  readonly rest: string
}

async function openLocal({ terminal }: Context, given: Given, { text, kind, rest }: LocalImage): Promise<OpenedImage> {
  const { path, tag } = await splitTag(terminal.cwd, rest)
  const options = { ...optionsOf(given), ...(tag === undefined ? {} : { tag }) }
  const isFolder = kind === 'oci' && (await stat(path).catch(() => undefined))?.isDirectory() === true
  const source = isFolder ? await openLayout(path, options) : await openArchive(path, options)
  const repository = given.text('--as')
  if (repository === undefined || kind === 'docker-archive') return { name: text, source }
  return { name: text, source, resourceUri: `https://${acceptRepository(repository)}@${source.digest}` }
}

/** `FOLDER:TAG`, where both may have colons: the longest beginning that is there is the path, else all that stands before the first colon. */
async function splitTag(cwd: string, rest: string): Promise<{ readonly path: string; readonly tag?: string }> {
  const parts = rest.split(':')
  for (let length = parts.length; length > 0; length--) {
    const path = resolve(cwd, parts.slice(0, length).join(':'))
    const isThere = length === 1 || (await stat(path).catch(() => undefined)) !== undefined
    if (isThere) return { path, ...(length === parts.length ? {} : { tag: parts.slice(length).join(':') }) }
  }
  return { path: resolve(cwd, rest) }
}

function optionsOf(given: Given) {
  const platform = given.text('--platform')
  return { wanted: platform === undefined ? {} : { platform }, bounds: LISTING_BOUNDS }
}

function acceptRepository(text: string): string {
  const parsed = parseImageReference(text)
  if (parsed.ok && parsed.value.tag === undefined && parsed.value.digest === undefined) return repositoryOf(parsed.value)
  throw new UsageError(`Option --as is "${text}", expected a repository such as registry.example/app`)
}

function acceptDigest(digest: Descriptor['digest']): ImageDigest {
  if (isImageDigest(digest)) return digest
  throw new StatusError('DATA_LOSS', `"${digest}" is no sha256 digest`)
}
