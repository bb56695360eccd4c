import type { KeyObject } from 'node:crypto'
import type { Attestor } from '@countersign/core/attestation/attestor.ts'
import type { AttestorName } from '@countersign/core/name/resource-name.ts'
import type { LoadedKey } from '../attestation/loaded-keys.ts'
import { loadKey } from '../attestation/loaded-keys.ts'
import { sha256Hex } from '../record/hash.ts'
import { pkixKeyId } from './key-id.ts'

/** A key with which two or more attestors verify. */
export interface SharedKey {
  /** PGP fingerprint or `ni:` digest. */
  readonly fingerprint: string
  /** Two or more, in the order given. */
  readonly attestors: readonly AttestorName[]
  /** One sentence for people. */
  readonly message: string
}

/**
 * Finds keys that several attestors share: a policy that asks for both of them can then be satisfied by one person (peers.md §4.2, class C6). The same key under
 * two ids, algorithms, PGP blocks or dates, or once in PGP and once in PKIX, is the same key.
 */
export async function findSharedKeys(attestors: readonly Attestor[]): Promise<readonly SharedKey[]> {
  const owners = new Map<string, { readonly fingerprint: string; readonly attestors: Set<AttestorName> }>()
  for (const attestor of attestors) {
    for (const { material, fingerprint } of (await Promise.all(attestor.publicKeys.map(loadKey))).flatMap(identify)) {
      const owner = owners.get(material) ?? { fingerprint, attestors: new Set() }
      owners.set(material, owner)
      owner.attestors.add(attestor.name)
    }
  }
  return [...owners.values()].filter((owner) => owner.attestors.size > 1).map(describe)
}

function describe({ fingerprint, attestors }: { readonly fingerprint: string; readonly attestors: ReadonlySet<AttestorName> }): SharedKey {
  const names = [...attestors]
  return { fingerprint, attestors: names, message: `Key ${fingerprint} belongs to ${names.join(' and ')}: one signature counts for each of them` }
}

function identify(key: LoadedKey): readonly { readonly material: string; readonly fingerprint: string }[] {
  switch (key.kind) {
    case 'UNUSABLE':
      return []
    case 'PKIX':
      return [{ material: nameMaterial(key.keyObject), fingerprint: pkixKeyId(key.der) }]
    case 'PGP':
      // A PGP fingerprint covers the date of its making: one key under two dates has two.
      return [...key.signingKeys.values()].flat().map(({ key: { keyObject }, fingerprint }) => ({ material: nameMaterial(keyObject), fingerprint }))
  }
}

/** The JWK has one form for each key, where DER has several (compressed points); brainpool's curves have none. */
function nameMaterial(key: KeyObject): string {
  try {
    return sha256Hex(JSON.stringify(key.export({ format: 'jwk' })))
  } catch {
    return sha256Hex(key.export({ type: 'spki', format: 'der' }))
  }
}
