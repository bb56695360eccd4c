import { makeRegistryClient } from '@countersign/adapters/registry/client.ts'
import { runCredentialHelper } from '@countersign/adapters/registry/credential-helper.ts'
import { dockerCredentials } from '@countersign/adapters/registry/credentials.ts'
import type { ImageDigest, ImageReference } from '@countersign/core/image/reference.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { ResolveTag } from '@countersign/gate/pinning/pin.ts'

/*
 * Which registry is asked, a Pod's author chooses, and it may be his own. So the gate keeps nothing that one says (a client remembers hosts, and for
 * each repository a token of up to 64 KiB), asks a bounded number at once, of which each may make it hold a manifest, and lets none hold it up.
 */
const MAX_AT_ONCE = 32
const TIMEOUT_MS = 5_000

/** Asks registries what tags mean, as somebody whom they do not know: images that need a password stay unpinned. */
export function openTagResolver(): ResolveTag {
  let asking = 0
  return async (reference) => {
    if (asking >= MAX_AT_ONCE)
      throw new StatusError('RESOURCE_EXHAUSTED', `Cannot resolve ${reference.text}: ${MAX_AT_ONCE} registries are being asked already`)
    asking++
    try {
      return await resolveOnce(reference)
    } finally {
      asking--
    }
  }
}

async function resolveOnce(reference: ImageReference): Promise<ImageDigest> {
  const credentials = dockerCredentials(undefined, runCredentialHelper)
  const over = AbortSignal.timeout(TIMEOUT_MS)
  const client = makeRegistryClient({
    fetch: (url, init) => fetch(url, { ...init, signal: AbortSignal.any([init.signal, over]) }),
    credentials,
    insecureHosts: [],
    tokenHosts: [],
  })
  return await client.resolveTag(reference)
}
