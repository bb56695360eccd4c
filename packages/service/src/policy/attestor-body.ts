import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import { parseNoteName } from '@countersign/core/name/resource-name.ts'
import type { NoteName } from '@countersign/core/name/resource-name.ts'
import type { Issue, Parsed } from '@countersign/core/parsed.ts'
import type { PublicKeyInput } from '@countersign/evidence/key/import-key.ts'

const MAX_KEYS = 1000
const MAX_DESCRIPTION = 8192
const MAX_COMMENT = 1024
const MAX_KEY_ID = 2048

/** An attestor as a client writes it. Name, update time and delegate are the service's and are not read. */
export interface AttestorBody {
  readonly description?: string
  /** Absent where the client left it out: an update keeps the note anyway. */
  readonly note?: NoteName
  readonly keys: readonly PublicKeyInput[]
  readonly etag?: string
}

type Path = Issue['path']

/** Reads an attestor from its v1 message as proto3 JSON (binary-authorization.md §2.1), telling every issue at once. */
export function parseAttestorBody(body: unknown): Parsed<AttestorBody> {
  const issues: Issue[] = []
  const members = readMembers(body, [], issues)
  const note = readMembers(members['userOwnedGrafeasNote'], ['userOwnedGrafeasNote'], issues)
  const description = readText(members['description'], ['description'], issues, MAX_DESCRIPTION)
  const etag = readText(members['etag'], ['etag'], issues, 200)
  const reference = readNote(note['noteReference'], issues)
  const keys = readKeys(note['publicKeys'], issues)
  if (issues.length > 0) return { ok: false, issues }
  return { ok: true, value: { ...definedOnly({ description, etag, note: reference }), keys } }
}

function readNote(value: unknown, issues: Issue[]): NoteName | undefined {
  const path = ['userOwnedGrafeasNote', 'noteReference']
  const text = readText(value, path, issues, 1024)
  if (text === undefined || text === '') return undefined
  const name = parseNoteName(text)
  if (name.ok) return name.value
  issues.push(...name.issues.map((issue) => ({ ...issue, path })))
  return undefined
}

function readKeys(value: unknown, issues: Issue[]): readonly PublicKeyInput[] {
  const path = ['userOwnedGrafeasNote', 'publicKeys']
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) return wrong(issues, path, 'expected a list', [])
  if (value.length > MAX_KEYS) return wrong(issues, path, `${value.length} keys are given, expected at most ${MAX_KEYS}`, [])
  const items: readonly unknown[] = value
  return items.map((item, index) => readKey(item, [...path, index], issues)).filter((key) => key !== undefined)
}

function readKey(value: unknown, path: Path, issues: Issue[]): PublicKeyInput | undefined {
  const members = readMembers(value, path, issues)
  const comment = readText(members['comment'], [...path, 'comment'], issues, MAX_COMMENT)
  const pgp = readText(members['asciiArmoredPgpPublicKey'], [...path, 'asciiArmoredPgpPublicKey'], issues)
  const isPkix = members['pkixPublicKey'] !== undefined && members['pkixPublicKey'] !== null
  if ((pgp !== undefined) === isPkix) return wrong(issues, path, 'expected exactly one of asciiArmoredPgpPublicKey and pkixPublicKey', undefined)
  if (pgp !== undefined) return { type: 'PGP', asciiArmored: pgp, ...definedOnly({ comment }) }
  return readPkixKey(members, comment, { path, issues })
}

function readPkixKey(members: JsonObject, comment: string | undefined, at: { readonly path: Path; readonly issues: Issue[] }): PublicKeyInput {
  const path = [...at.path, 'pkixPublicKey']
  const pkix = readMembers(members['pkixPublicKey'], path, at.issues)
  const id = readText(members['id'], [...at.path, 'id'], at.issues, MAX_KEY_ID)
  const keyId = readText(pkix['keyId'], [...path, 'keyId'], at.issues, MAX_KEY_ID)
  const publicKeyPem = readText(pkix['publicKeyPem'], [...path, 'publicKeyPem'], at.issues) ?? ''
  const signatureAlgorithm = readText(pkix['signatureAlgorithm'], [...path, 'signatureAlgorithm'], at.issues) ?? 'SIGNATURE_ALGORITHM_UNSPECIFIED'
  return { type: 'PKIX', publicKeyPem, signatureAlgorithm, ...definedOnly({ id, keyId, comment }) }
}

function readMembers(value: unknown, path: Path, issues: Issue[]): JsonObject {
  if (value === undefined && path.length > 0) return {}
  if (isJsonObject(value)) return value
  return wrong(issues, path, 'expected an object', {})
}

function readText(value: unknown, path: Path, issues: Issue[], maxLength = 1_000_000): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') return wrong(issues, path, `expected a text, found ${typeof value}`, undefined)
  if (value.length > maxLength) return wrong(issues, path, `has ${value.length} characters, expected at most ${maxLength}`, undefined)
  return value
}

function wrong<T>(issues: Issue[], path: Path, message: string, instead: T): T {
  issues.push({ path, message })
  return instead
}

function definedOnly<T extends Readonly<Record<string, unknown>>>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
