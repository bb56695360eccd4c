import { makeGuard, type Resolve } from '@countersign/adapters/dialer/guard.ts'
import { apiHost } from '@countersign/adapters/registry/address.ts'
import { makeRegistryClient } from '@countersign/adapters/registry/client.ts'
import { runCredentialHelper } from '@countersign/adapters/registry/credential-helper.ts'
import { dockerCredentials } from '@countersign/adapters/registry/credentials.ts'
import { makeFetch, type ProxyEnvironment } from '@countersign/adapters/registry/fetch-with.ts'
import { readNamedFile } from '@countersign/adapters/named-file.ts'
import { type ImageDigest, type ImageReference, repositoryOf } from '@countersign/core/image/reference.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { ResolveTag } from '@countersign/gate/pinning/pin.ts'
import type { PinConfig } from '../config/pin-config.ts'
import { Queue } from './queue.ts'

/*
 * Which registry is asked, a Pod's author chooses, and it may be his own. So whoever runs the gate may name the registries that are asked; where he names none, they are
 * public ones: their nodes would ask them a moment later anyway, and nothing inside is ever dialled. Of what a registry says nothing is kept but digests, for
 * seconds (a client remembers hosts, and for each repository a token of up to 64 KiB); a bounded number is asked at once, of which each may make the gate hold a
 * manifest; and none holds it up.
 */
const MAX_AT_ONCE = 32
const MAX_WAITING = 256
const TIMEOUT_MS = 5_000
/** A Deployment's Pods come together and mean one image; whoever moves a tag waits longer than this. */
const KEPT_MS = 5_000
const MAX_KEPT = 1_000

export interface TagResolverParts {
  readonly config: PinConfig
  readonly env: ProxyEnvironment
  readonly now: () => number
  /** How names become addresses; the system's way by default. */
  readonly resolve?: Resolve
}

interface Kept {
  readonly digest: Promise<ImageDigest>
  readonly until: number
}

/** Makes what asks registries what tags mean. PERMISSION_DENIED for one that may not be asked, RESOURCE_EXHAUSTED where too many wait already. */
export function openTagResolver(parts: TagResolverParts): ResolveTag {
  const { registries } = parts.config
  const queue = new Queue({ atOnce: MAX_AT_ONCE, waiting: MAX_WAITING })
  const kept = new Map<string, Kept>()
  return (reference) => {
    if (registries.length > 0 && !registries.includes(reference.domain))
      return Promise.reject(new StatusError('PERMISSION_DENIED', `Cannot ask ${reference.domain}: it is not one of the registries of --pin-registry`))
    const key = `${repositoryOf(reference)}:${reference.tag ?? 'latest'}`
    const known = kept.get(key)
    if (known !== undefined && parts.now() < known.until && parts.now() >= known.until - KEPT_MS) return known.digest
    const digest = queue.run(() => resolveOnce(reference, parts))
    kept.delete(key)
    kept.set(key, { digest, until: parts.now() + KEPT_MS })
    const [oldest] = kept.keys()
    if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest)
    // A failure is told to who asked together, and kept for nobody else.
    digest.catch(() => kept.get(key)?.digest === digest && kept.delete(key))
    return digest
  }
}

async function resolveOnce(reference: ImageReference, { config, env, resolve }: TagResolverParts): Promise<ImageDigest> {
  const { registries, dockerConfigFile } = config
  // Read anew, so that a password can be replaced.
  const text = dockerConfigFile === undefined ? undefined : readNamedFile(dockerConfigFile, 'docker configuration such as ~/.docker/config.json')
  const guard = makeGuard({ allowedHosts: registries.map(apiHost), ...(resolve === undefined ? {} : { resolve }) })
  const over = AbortSignal.timeout(TIMEOUT_MS)
  const fetch = makeFetch(env, guard)
  const client = makeRegistryClient({
    fetch: (url, init) => fetch(url, { ...init, signal: AbortSignal.any([init.signal, over]) }),
    credentials: dockerCredentials(text, runCredentialHelper),
    insecureHosts: [],
    tokenHosts: [],
  })
  return await client.resolveTag(reference)
}
