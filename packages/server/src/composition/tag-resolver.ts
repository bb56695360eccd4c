import { makeRegistryClient } from '@countersign/adapters/registry/client.ts'
import { runCredentialHelper } from '@countersign/adapters/registry/credential-helper.ts'
import { dockerCredentials } from '@countersign/adapters/registry/credentials.ts'
import type { ResolveTag } from '@countersign/gate/pinning/pin.ts'

/** Asks registries what tags mean, as somebody whom they do not know: images that need a password stay unpinned. */
export function openTagResolver(): ResolveTag {
  const credentials = dockerCredentials(undefined, runCredentialHelper)
  const client = makeRegistryClient({ fetch: (url, init) => fetch(url, init), credentials, insecureHosts: [], tokenHosts: [] })
  return (reference) => client.resolveTag(reference)
}
