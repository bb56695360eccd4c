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
  'pkcs11:': async (...given) => (await import('./pkcs11.ts')).openPkcs11Key(...given),
  'gpg:': async (...given) => (await import('./gpg.ts')).openGpgKey(...given),
  'file:': async (...given) => (await import('./key-file.ts')).openKeyFile(...given),
}

/** How keys are named, for people. */
const KEY_URIS =
  'gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/N, awskms:///ALIAS, azurekms://VAULT.vault.azure.net/KEY/VERSION, hashivault://KEY, pkcs11:token=LABEL;object=LABEL, gpg:KEY, or file:PATH'

/**
 * Opens the key that a URI names; a text without a scheme is the path of a key file. Throws a StatusError: INVALID_ARGUMENT for a URI that is
 * none, else what is wrong with the key, as its keeper says it.
 */
export async function openKey(uri: string, options: KeyOptions, surroundings: KeySurroundings): Promise<OpenedKey> {
  const prefix = Object.keys(KINDS).find((one) => uri.startsWith(one)) ?? (/^[a-z0-9]+:/i.test(uri) ? undefined : '')
  const open = prefix === '' ? KINDS['file:'] : prefix === undefined ? undefined : KINDS[prefix]
  if (open === undefined) throw new StatusError('INVALID_ARGUMENT', `Key ${quote(uri)} is not known: expected ${KEY_URIS}`)
  return await open(uri.slice(prefix?.length ?? 0), options, surroundings)
}
