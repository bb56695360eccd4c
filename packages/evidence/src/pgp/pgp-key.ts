import type { PgpAttestorKey } from '@countersign/core/attestation/attestor.ts'
import type { UnusableKey } from '../key/pkix-key.ts'
import { sha256Hex } from '../record/hash.ts'
import { messageOf } from '../verdict.ts'
import type { Certificate, SigningKey } from './certificate.ts'
import { readCertificate } from './certificate.ts'
import { readKeyBlock } from './key-block.ts'
import type { OpenPgp } from './library.ts'
import { loadOpenPgp } from './library.ts'

/** A PGP key block, parsed, with all its keys that may sign. Parsing costs milliseconds: keep it. */
export interface LoadedPgpKey {
  readonly kind: 'PGP'
  readonly id: string
  readonly library: OpenPgp
  readonly certificates: readonly Certificate[]
  /** By key id, the last 16 digits of the fingerprint; two keys may share one. */
  readonly signingKeys: ReadonlyMap<string, readonly SigningKey[]>
  /** Names the exact key block: part of the key under which facts are cached. */
  readonly fingerprint: string
}

/** All certificates of a key block, or one sentence on why it cannot be read. */
export type PgpKeyList = { readonly ok: true; readonly certificates: readonly Certificate[] } | { readonly ok: false; readonly reason: string }

const MAX_PRIMARY_KEYS = 64

/** Lists every primary key of a key block, with windows, revocations and problems; the first one names the block. */
export async function listPgpKeys(armored: string): Promise<PgpKeyList> {
  const block = readKeyBlock(armored)
  if (!block.ok) return block
  const library = await loadOpenPgp()
  try {
    const keys = await library.readKeys({ binaryKeys: block.packets })
    if (keys.some((key) => key.isPrivate()))
      return { ok: false, reason: 'it holds a private key: keep it secret, and give what gpg --armor --export KEY prints' }
    if (keys.length > MAX_PRIMARY_KEYS) return { ok: false, reason: `it holds ${keys.length} keys, expected at most ${MAX_PRIMARY_KEYS}` }
    const certificates: Certificate[] = []
    for (const copies of Map.groupBy(keys, (key) => key.getFingerprint()).values()) {
      const [first, ...more] = copies
      if (first !== undefined) certificates.push(readCertificate(library, [first, ...more]))
    }
    return { ok: true, certificates }
  } catch (error) {
    return { ok: false, reason: messageOf(error) }
  }
}

/** Loads a PGP key: every key in the block that may sign, whichever primary key it belongs to (binary-authorization.md §2.4). */
export async function loadPgpKey(key: PgpAttestorKey): Promise<LoadedPgpKey | UnusableKey> {
  const list = await listPgpKeys(key.asciiArmored)
  if (!list.ok) return unusable(key.id, `The PGP key cannot be read: ${list.reason}`)
  const keys = list.certificates.flatMap((certificate) => certificate.signingKeys)
  if (keys.length === 0) {
    const problems = list.certificates.flatMap((certificate) => certificate.problems)
    return unusable(key.id, `The PGP key cannot verify anything: ${problems.join('; ')}`)
  }
  const fingerprint = `pgp:${sha256Hex(key.asciiArmored)}`
  return {
    kind: 'PGP',
    id: key.id,
    library: await loadOpenPgp(),
    certificates: list.certificates,
    signingKeys: Map.groupBy(keys, (signing) => signing.keyId),
    fingerprint,
  }
}

function unusable(id: string, reason: string): UnusableKey {
  return { kind: 'UNUSABLE', id, cause: 'UNUSABLE_KEY', reason }
}
