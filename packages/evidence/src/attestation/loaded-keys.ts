import type { AttestorPublicKey } from '@countersign/core/attestation/attestor.ts'
import type { LoadedPkixKey, UnusableKey } from '../key/pkix-key.ts'
import { loadPkixKey } from '../key/pkix-key.ts'
import type { LoadedPgpKey } from '../pgp/pgp-key.ts'
import { loadPgpKey, loadPgpKeys } from '../pgp/pgp-key.ts'

export type LoadedKey = LoadedPkixKey | LoadedPgpKey | UnusableKey

/** An attestor's keys by exact id. Several keys may carry one id: any of them may verify a signature that names it. */
export type LoadedKeys = ReadonlyMap<string, readonly LoadedKey[]>

/** Loads one key. At once for PKIX; PGP reads its library first. */
export function loadKey(key: AttestorPublicKey): LoadedKey | Promise<LoadedKey> {
  return key.type === 'PKIX' ? loadPkixKey(key) : loadPgpKey(key)
}

/** Loads an attestor's keys. A key that cannot be used stays in the map, so that its signatures are rejected with its reason. */
export async function loadKeys(keys: readonly AttestorPublicKey[]): Promise<LoadedKeys> {
  const pkix = keys.filter((key) => key.type === 'PKIX').map(loadPkixKey)
  const pgp = await loadPgpKeys(keys.filter((key) => key.type === 'PGP'))
  return Map.groupBy([...pkix, ...pgp], (key) => key.id)
}
