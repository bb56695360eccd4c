import { makeRegistryClient, type RegistryClient } from '@countersign/adapters/registry/client.ts'
import { runCredentialHelper } from '@countersign/adapters/registry/credential-helper.ts'
import { dockerCredentials } from '@countersign/adapters/registry/credentials.ts'
import { type ImageReference, parseImageReference } from '@countersign/core/image/reference.ts'
import { type Terminal, UsageError } from '../../terminal.ts'
import type { Given } from '../given.ts'
import type { VerbOption } from '../verb.ts'

export const REGISTRY_OPTIONS: readonly VerbOption[] = [
  { flags: '--insecure-registry <host>', summary: 'a host that may be spoken to in plain text; loopback always may', kind: 'list' },
  { flags: '--registry-ca-file <file>', summary: 'an authority to trust beside the system’s, for registries, PEM' },
]

/** A client of registries with the credentials that docker keeps. */
export async function openRegistry(terminal: Terminal, given: Given): Promise<RegistryClient> {
  const { DOCKER_CONFIG, HOME } = terminal.env
  const folder = DOCKER_CONFIG ?? (HOME === undefined ? undefined : `${HOME}/.docker`)
  const config = folder === undefined ? undefined : await terminal.files.find(`${folder}/config.json`)
  const credentials = dockerCredentials(config === undefined ? undefined : new TextDecoder().decode(config), runCredentialHelper)
  const file = given.text('--registry-ca-file')
  const ca = file === undefined ? {} : { ca: new TextDecoder().decode(await terminal.files.read(file)) }
  return makeRegistryClient({ ...ca, fetch: terminal.fetch, credentials, insecureHosts: given.list('--insecure-registry'), tokenHosts: [] })
}

/** An image or repository as people write it, with or without a scheme. */
export function acceptImage(text: string): ImageReference {
  const parsed = parseImageReference(text.replace(/^https?:\/\//, ''))
  if (parsed.ok) return parsed.value
  throw new UsageError(parsed.issues[0]?.message ?? `"${text}" is no image`)
}
