import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { KeyOptions, KeySurroundings, OpenedKey } from './opened-key.ts'

type Open = (rest: string, options: KeyOptions, surroundings: KeySurroundings) => Promise<OpenedKey>

/** One opener a kind; each is loaded when such a key is named, and brings its own client. */
const KINDS: Readonly<Record<string, Open>> = {
  'gcpkms://': async (...given) => (await import('./google-kms.ts')).openGoogleKey(...given),
  'awskms://': async (...given) => (await import('./aws-kms.ts')).openAwsKey(...given),
  'azurekms://': async (...given) => (await import('./azure-key-vault.ts')).openAzureKey(...given),
  'hashivault://': async (...given) => (await import('./vault-transit.ts')).openVaultKey(...given),
}

/** How keys are named, in one sentence. */
export const KEY_URIS = `${Object.keys(KINDS).join(', ')}`

/** Opens the key that a URI names. Throws a StatusError: INVALID_ARGUMENT for a URI that is none, else what its keeper says. */
export async function openKey(uri: string, options: KeyOptions, surroundings: KeySurroundings): Promise<OpenedKey> {
  for (const [prefix, open] of Object.entries(KINDS)) if (uri.startsWith(prefix)) return await open(uri.slice(prefix.length), options, surroundings)
  throw new StatusError('INVALID_ARGUMENT', `Key ${quote(uri)} is not known: expected one of ${KEY_URIS}`)
}
