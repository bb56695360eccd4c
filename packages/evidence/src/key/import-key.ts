import { createPublicKey } from 'node:crypto'
import type { AttestorPublicKey } from '@countersign/core/attestation/attestor.ts'
import type { Instant } from '@countersign/core/instant.ts'
import type { Issue, Parsed } from '@countersign/core/parsed.ts'
import { quote } from '@countersign/core/quote.ts'
import type { Certificate } from '../pgp/certificate.ts'
import { listPgpKeys } from '../pgp/pgp-key.ts'
import { parseSignatureAlgorithm, SCHEMES } from './algorithm.ts'
import { isKeyId, pkixKeyId } from './key-id.ts'
import { readPublicKeyPem } from './pem.ts'
import { algorithmsFor, loadPkixKey } from './pkix-key.ts'

/** A public key as a caller gives it. */
export type PublicKeyInput =
  | { readonly type: 'PGP'; readonly asciiArmored: string; readonly comment?: string }
  | {
      readonly type: 'PKIX'
      readonly publicKeyPem: string
      /** Any spelling that `parseSignatureAlgorithm` knows. */
      readonly signatureAlgorithm: string
      /** The wrapper's `id` and the key's own `keyId` must be the same where both are given; blank is not given. */
      readonly id?: string
      readonly keyId?: string
      readonly comment?: string
    }

/** A public key ready to be stored, with what people should see of it. */
export interface ImportedKey {
  readonly key: AttestorPublicKey
  /** What verifies with it: PGP fingerprints of all signing keys, or the one `ni:` digest of a PKIX key. */
  readonly fingerprints: readonly string[]
  /** Every primary key of a PGP block; empty for PKIX. */
  readonly certificates: readonly Certificate[]
}

/**
 * Parses a public key at the door (binary-authorization.md §2.2 to §2.4). Issues stop it: unreadable, private, no usable key, key and algorithm that do not
 * match. Notes do not: several primary keys, weak, expired or revoked ones. A PGP key's id is always computed.
 */
export async function importPublicKey(input: PublicKeyInput, options: { readonly now: Instant }): Promise<Parsed<ImportedKey>> {
  return input.type === 'PGP' ? importPgpKey(input, options.now) : importPkixKey(input)
}

type PkixInput = Extract<PublicKeyInput, { type: 'PKIX' }>

function importPkixKey(input: PkixInput): Parsed<ImportedKey> {
  const issues: Issue[] = []
  const algorithm = parseSignatureAlgorithm(input.signatureAlgorithm)
  const algorithmPath = ['pkixPublicKey', 'signatureAlgorithm']
  if (algorithm === undefined) issues.push({ path: algorithmPath, message: explainAlgorithm(input.signatureAlgorithm) })
  const body = readPublicKeyPem(input.publicKeyPem)
  if (!body.ok) issues.push({ path: ['pkixPublicKey', 'publicKeyPem'], message: `Cannot read the public key: ${body.reason}` })
  const id = chooseId(input, body.ok ? pkixKeyId(body.der) : '', issues)
  if (algorithm === undefined || !body.ok || issues.length > 0) return { ok: false, issues }
  const comment = input.comment === undefined ? {} : { comment: input.comment }
  const key = { type: 'PKIX', id, ...comment, publicKeyPem: input.publicKeyPem, signatureAlgorithm: algorithm } as const
  const loaded = loadPkixKey(key)
  if (loaded.kind === 'PKIX') return { ok: true, value: { key, fingerprints: [pkixKeyId(loaded.der)], certificates: [] } }
  const mismatch = loaded.cause === 'ALGORITHM_MISMATCH'
  const path = mismatch ? algorithmPath : ['pkixPublicKey', 'publicKeyPem']
  return { ok: false, issues: [{ path, message: mismatch ? `${loaded.reason}${suggest(body.der)}` : loaded.reason }] }
}

function chooseId(input: PkixInput, computed: string, issues: Issue[]): string {
  const { id = '', keyId = '' } = input
  if (id !== '' && keyId !== '' && id !== keyId) {
    issues.push({
      path: ['pkixPublicKey', 'keyId'],
      message: `keyId ${quote(keyId)} is not the id ${quote(id)}, expected the same, or none`,
    })
  }
  const chosen = id || keyId
  if (chosen === '') return computed
  if (!isKeyId(chosen)) {
    issues.push({
      path: ['id'],
      message: `keyID ${quote(chosen)} not formatted as StringOrURI: must either not contain ":" or be valid URI`,
    })
  }
  return chosen
}

function explainAlgorithm(name: string): string {
  return `Signature algorithm ${quote(name)} is not known, expected one of ${Object.keys(SCHEMES).join(', ')}`
}

function suggest(der: Uint8Array): string {
  const names = algorithmsFor(createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' }))
  return names.length === 0 ? '; no algorithm of attestors takes such a key' : `; this key can have ${names.join(', ')}`
}

async function importPgpKey(input: Extract<PublicKeyInput, { type: 'PGP' }>, now: Instant): Promise<Parsed<ImportedKey>> {
  const path = ['asciiArmoredPgpPublicKey']
  const list = await listPgpKeys(input.asciiArmored)
  if (!list.ok) return { ok: false, issues: [{ path, message: `Cannot read the PGP key: ${list.reason}` }] }
  const { certificates } = list
  const [first] = certificates
  const fingerprints = certificates.flatMap((certificate) => certificate.signingKeys.map((key) => key.fingerprint))
  if (first === undefined || fingerprints.length === 0) {
    const problems = certificates.flatMap((certificate) => certificate.problems)
    return { ok: false, issues: [{ path, message: `The PGP key cannot verify anything: ${problems.join('; ')}` }] }
  }
  const notes = [...noteSeveral(certificates), ...certificates.flatMap((certificate) => noteCertificate(certificate, now))]
  const comment = input.comment === undefined ? {} : { comment: input.comment }
  const key = { type: 'PGP', id: first.fingerprint, ...comment, asciiArmored: input.asciiArmored } as const
  return { ok: true, value: { key, fingerprints, certificates }, notes: notes.map((message) => ({ path, message })) }
}

function noteSeveral(certificates: readonly Certificate[]): readonly string[] {
  if (certificates.length < 2) return []
  const names = certificates.map((certificate) => certificate.fingerprint).join(', ')
  return [`The block holds ${certificates.length} primary keys (${names}); each of them can sign under the id of the first`]
}

function noteCertificate(certificate: Certificate, now: Instant): readonly string[] {
  const { fingerprint, expiresAt, revocation } = certificate
  const notes = [...certificate.problems, ...certificate.weaknesses]
  if (expiresAt !== undefined && expiresAt <= now) notes.push(`Key ${fingerprint} expired at ${new Date(expiresAt).toISOString()}`)
  if (revocation !== undefined) notes.push(`Key ${fingerprint} was revoked at ${new Date(revocation.at).toISOString()}`)
  for (const key of certificate.signingKeys) {
    if (key.fingerprint === fingerprint) continue
    if (key.notAfter !== undefined && key.notAfter <= now && key.notAfter !== expiresAt)
      notes.push(`Subkey ${key.fingerprint} expired at ${new Date(key.notAfter).toISOString()}`)
    if (key.revocation !== undefined && revocation === undefined)
      notes.push(`Subkey ${key.fingerprint} was revoked at ${new Date(key.revocation.at).toISOString()}`)
  }
  return notes
}
