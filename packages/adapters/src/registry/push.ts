import type { ImageDigest, ImageReference } from '@countersign/core/image/reference.ts'
import { StatusError } from '@countersign/core/status.ts'
import { digestOf } from './manifest.ts'
import { refusalOf } from './refusal.ts'
import type { Exchange, Transport } from './transport.ts'

const TIMEOUT_MS = 30_000
/** What goes up more slowly than this a millisecond is given up. */
const SLOWEST_BYTES_PER_MS = 32

/** A manifest to be stored as it is, under its digest and perhaps a tag. */
export interface ManifestToPush {
  readonly bytes: Uint8Array
  readonly mediaType: string
  readonly tag?: string
}

/**
 * Stores a blob in the reference's repository, unless it is there (`EXISTED`). The registry compares it with its digest. It is sent as it is read, to
 * where the registry says: to another origin without showing who we are, and never from TLS to plain text.
 */
export async function pushBlob(
  transport: Transport,
  reference: ImageReference,
  { digest, content }: { readonly digest: ImageDigest; readonly content: Blob },
): Promise<'PUSHED' | 'EXISTED'> {
  const { path: repository, domain } = reference
  const found = await exchange(transport, reference, { method: 'HEAD', path: `/v2/${repository}/blobs/${digest}` })
  if (found.status === 200) return 'EXISTED'
  if (found.status !== 404) throw refusalOf(found, reference, 'write')
  const begun = await exchange(transport, reference, { method: 'POST', path: `/v2/${repository}/blobs/uploads/` })
  if (begun.status !== 202) throw refusalOf(begun, reference, 'write')
  const place = uploadPlace(begun, domain, digest)
  const headers = { 'content-type': 'application/octet-stream' }
  const stored = await exchange(transport, reference, { method: 'PUT', path: place, headers, body: content })
  if (stored.status !== 201) throw refusalOf(stored, reference, 'write')
  return 'PUSHED'
}

/**
 * Stores a manifest byte for byte, by its tag where it has one. Whether the registry has taken note of what it hangs on (`OCI-Subject`,
 * distribution-spec 1.1); where not, the pusher keeps the referrers tag.
 */
export async function pushManifest(
  transport: Transport,
  reference: ImageReference,
  { bytes, mediaType, tag }: ManifestToPush,
): Promise<{ readonly knowsSubject: boolean }> {
  const digest = digestOf(bytes)
  const path = `/v2/${reference.path}/manifests/${tag ?? digest}`
  const stored = await exchange(transport, reference, { method: 'PUT', path, headers: { 'content-type': mediaType }, body: bytes })
  if (stored.status !== 201) throw refusalOf(stored, reference, 'write')
  const kept = stored.headers.get('docker-content-digest')
  if (kept !== null && kept !== digest)
    throw new StatusError('DATA_LOSS', `Cannot trust ${reference.domain}: it stored ${kept} in place of ${digest}`)
  return { knowsSubject: stored.headers.has('oci-subject') }
}

/** The answer without its body, which nobody needs. */
async function exchange(
  transport: Transport,
  { domain, path: repository }: ImageReference,
  { headers = {}, ...said }: Pick<Exchange, 'method' | 'path' | 'body'> & { readonly headers?: Readonly<Record<string, string>> },
): Promise<Response> {
  const bytes = said.body instanceof Blob ? said.body.size : (said.body?.length ?? 0)
  const signal = AbortSignal.timeout(TIMEOUT_MS + Math.ceil(bytes / SLOWEST_BYTES_PER_MS))
  const response = await transport.open({ domain, repository, headers, actions: 'pull,push', ...said }, signal)
  await response.body?.cancel()
  return response
}

/** Where the registry wants the bytes: a path of its own, or another address, as those with a store behind them name it. */
function uploadPlace(begun: Response, domain: string, digest: ImageDigest): string {
  const base = 'https://registry.invalid'
  const location = begun.headers.get('location') ?? ''
  const url = location.length > 8192 || !URL.canParse(location, base) ? undefined : new URL(location, base)
  if (url === undefined || !/^https?:$/.test(url.protocol) || `${url.username}${url.password}` !== '')
    throw new StatusError('DATA_LOSS', `Cannot push to ${domain}: it names no valid address for uploads`)
  url.searchParams.set('digest', digest)
  return url.origin === base ? `${url.pathname}${url.search}` : url.href
}
