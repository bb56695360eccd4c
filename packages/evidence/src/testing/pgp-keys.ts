import type { PgpAttestorKey } from '@countersign/core/attestation/attestor.ts'
import { loadOpenPgp } from '../pgp/library.ts'
import type { PgpForm } from '../sign/pgp-signer.ts'
import { openPgpSigner } from '../sign/pgp-signer.ts'
import type { Signer } from '../sign/signer.ts'

/** When test keys are made, and when they sign. */
export const MADE_AT = Date.parse('2026-01-01T00:00:00Z')
export const SIGNED_AT = Date.parse('2026-02-01T00:00:00Z')

export interface PgpPair {
  readonly armoredPrivateKey: string
  readonly key: PgpAttestorKey
  sign(payload: Uint8Array, form?: PgpForm): Promise<Uint8Array>
}

/** A fresh Ed25519 (by default) key pair that signs at SIGNED_AT. */
export async function makePgpPair(
  options: { readonly curve?: 'ed25519Legacy' | 'nistP256'; readonly lifeSeconds?: number; readonly signingSubkey?: true } = {},
): Promise<PgpPair> {
  const library = await loadOpenPgp()
  const { privateKey, publicKey } = await library.generateKey({
    type: 'ecc',
    curve: options.curve ?? 'ed25519Legacy',
    userIDs: [{ name: 'Attestor', email: 'attestor@example.com' }],
    subkeys: options.signingSubkey === undefined ? [] : [{ sign: true }],
    date: new Date(MADE_AT),
    ...(options.lifeSeconds !== undefined && { keyExpirationTime: options.lifeSeconds }),
    format: 'object',
  })
  return toPair(privateKey.armor(), publicKey.armor(), publicKey.getFingerprint().toUpperCase())
}

/** A pair from armored keys, such as an altered copy of another pair. */
export function toPair(armoredPrivateKey: string, asciiArmored: string, id: string): PgpPair {
  return {
    armoredPrivateKey,
    key: { type: 'PGP', id, asciiArmored },
    sign: async (payload, form = 'ATTACHED') => (await openSigner(armoredPrivateKey, form)).sign(payload),
  }
}

async function openSigner(armoredPrivateKey: string, form: PgpForm): Promise<Signer> {
  const signer = await openPgpSigner({ armoredPrivateKey, form, now: () => SIGNED_AT })
  if (!signer.ok) throw new Error(signer.issues[0]?.message)
  return signer.value
}
