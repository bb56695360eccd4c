import type { PgpAttestorKey } from '@countersign/core/attestation/attestor.ts'
import type { UnusableKey } from '../key/pkix-key.ts'
import type { Key } from 'openpgp'
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
  /** Names the exact key block, and those that tell more of its keys: part of the key under which facts are cached. */
  readonly fingerprint: string
}

/** All certificates of a key block, or one sentence on why it cannot be read. */
export type PgpKeyList = { readonly ok: true; readonly certificates: readonly Certificate[] } | { readonly ok: false; readonly reason: string }

const MAX_PRIMARY_KEYS = 64

/** Lists every primary key of a key block, with windows, revocations and problems; the first one names the block. */
export async function listPgpKeys(armored: string): Promise<PgpKeyList> {
  const library = await loadOpenPgp()
  const block = await readPrimaryKeys(library, armored)
  return block.ok ? describeBlock(library, block.keys, block.keys) : block
}

/** Loads a PGP key: every key in the block that may sign, whichever primary key it belongs to (binary-authorization.md §2.4). */
export async function loadPgpKey(key: PgpAttestorKey): Promise<LoadedPgpKey | UnusableKey> {
  const library = await loadOpenPgp()
  const block = { key, read: await readPrimaryKeys(library, key.asciiArmored) }
  return loadBlock(library, block, [block])
}

/** The same for all PGP keys of one attestor: of a primary key that stands in several blocks, what any of them says counts, a revocation above all. */
export async function loadPgpKeys(keys: readonly PgpAttestorKey[]): Promise<readonly (LoadedPgpKey | UnusableKey)[]> {
  if (keys.length === 0) return []
  const library = await loadOpenPgp()
  const blocks: ReadBlock[] = []
  for (const key of keys) blocks.push({ key, read: await readPrimaryKeys(library, key.asciiArmored) })
  return blocks.map((block) => loadBlock(library, block, blocks))
}

type PrimaryKeys = { readonly ok: true; readonly keys: readonly Key[] } | { readonly ok: false; readonly reason: string }

interface ReadBlock {
  readonly key: PgpAttestorKey
  readonly read: PrimaryKeys
}

async function readPrimaryKeys(library: OpenPgp, armored: string): Promise<PrimaryKeys> {
  const block = readKeyBlock(armored)
  if (!block.ok) return block
  try {
    const keys = await library.readKeys({ binaryKeys: block.packets })
    if (keys.some((key) => key.isPrivate()))
      return { ok: false, reason: 'it holds a private key: keep it secret, and give what gpg --armor --export KEY prints' }
    if (keys.length > MAX_PRIMARY_KEYS) return { ok: false, reason: `it holds ${keys.length} keys, expected at most ${MAX_PRIMARY_KEYS}` }
    return { ok: true, keys }
  } catch (error) {
    return { ok: false, reason: messageOf(error) }
  }
}

/** One certificate for each primary key of a block, from all of its copies that are known. */
function describeBlock(library: OpenPgp, own: readonly Key[], known: readonly Key[]): PgpKeyList {
  const copies = Map.groupBy(known, (key) => key.getFingerprint())
  const certificates: Certificate[] = []
  try {
    for (const fingerprint of new Set(own.map((key) => key.getFingerprint()))) {
      const [first, ...more] = copies.get(fingerprint) ?? []
      if (first !== undefined) certificates.push(readCertificate(library, [first, ...more]))
    }
    return { ok: true, certificates }
  } catch (error) {
    return { ok: false, reason: messageOf(error) }
  }
}

function loadBlock(library: OpenPgp, { key, read }: ReadBlock, all: readonly ReadBlock[]): LoadedPgpKey | UnusableKey {
  if (!read.ok) return unreadable(key.id, read.reason)
  const named = new Set(read.keys.map((primary) => primary.getFingerprint()))
  const related = all.filter((other) => other.read.ok && other.read.keys.some((primary) => named.has(primary.getFingerprint())))
  const copies = related.flatMap((other) => (other.read.ok ? other.read.keys : []))
  const list = describeBlock(library, read.keys, copies)
  if (!list.ok) return unreadable(key.id, list.reason)
  const { certificates } = list
  const keys = certificates.flatMap((certificate) => certificate.signingKeys)
  if (keys.length === 0) {
    const problems = certificates.flatMap((certificate) => certificate.problems)
    return unusable(key.id, `The PGP key cannot verify anything: ${problems.join('; ')}`)
  }
  return {
    kind: 'PGP',
    id: key.id,
    library,
    certificates,
    signingKeys: Map.groupBy(keys, (signing) => signing.keyId),
    fingerprint: `pgp:${sha256Hex(JSON.stringify([key, ...related.map((other) => other.key)].map(({ asciiArmored }) => asciiArmored)))}`,
  }
}

function unreadable(id: string, reason: string): UnusableKey {
  return unusable(id, `The PGP key cannot be read: ${reason}`)
}

function unusable(id: string, reason: string): UnusableKey {
  return { kind: 'UNUSABLE', id, cause: 'UNUSABLE_KEY', reason }
}
