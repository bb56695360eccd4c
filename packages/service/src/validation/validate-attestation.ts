import { explainRejection } from '@countersign/core/admission/explain.ts'
import { judgeFact } from '@countersign/core/admission/judge-time.ts'
import type { Attestor } from '@countersign/core/attestation/attestor.ts'
import type { CheckedAttestation, RejectionCause, UnverifiedAttestation } from '@countersign/core/attestation/attestation.ts'
import { digestOfResourceUri } from '@countersign/core/image/resource-uri.ts'
import type { Instant } from '@countersign/core/instant.ts'
import { parseAttestorName, parseNoteName, parseOccurrenceName, projectOf } from '@countersign/core/name/resource-name.ts'
import type { AttestorName, NoteName } from '@countersign/core/name/resource-name.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Caller } from '../access/caller.ts'
import { requirePermission } from '../access/permission.ts'
import type { Changes, Surroundings } from '../changes/change.ts'
import { getValue } from '../changes/invalid.ts'
import { getProject } from '../changes/known-project.ts'
import type { AttestationChecker, ValidationTables } from './ports.ts'
import { readAttestation } from './unverified.ts'

/** The original's words for whatever does not count (binary-authorization.md §6.4); ours follow with the exact cause. */
const NONE_VALID = 'No attestations found that were valid and signed by a key trusted by the attestor'
const NO_DIGEST = 'Expected digest with sha256 scheme, but got tag or malformed digest'
const MAX_SHOWN = 5

/** An attestation that need not be stored anywhere, and what it shall be good for. */
export interface ValidationRequest {
  /** `projects/P/attestors/A` */
  readonly attestor: string
  /** Grafeas v1 `AttestationOccurrence` as proto3 JSON. */
  readonly attestation: unknown
  readonly occurrenceNote: string
  readonly occurrenceResourceUri: string
}

/** A failed verification is an answer, not an error (binary-authorization.md §2.6). */
export type ValidationResult =
  | { readonly result: 'VERIFIED' }
  | { readonly result: 'ATTESTATION_NOT_VERIFIABLE'; readonly denialReason: string; readonly causes: readonly RejectionCause[] }

export interface ValidationPorts {
  readonly changes: Pick<Changes<ValidationTables>, 'read'>
  readonly checkAttestation: AttestationChecker
  readonly surroundings: Pick<Surroundings, 'now'>
}

/** Validates an attestation against an attestor as the gate would if it were received now. */
export async function validateAttestationOccurrence(ports: ValidationPorts, caller: Caller, request: ValidationRequest): Promise<ValidationResult> {
  const name = getValue(parseAttestorName(request.attestor))
  requirePermission(caller, 'binaryauthorization.attestors.verifyImageAttested', name)
  const note = getValue(parseNoteName(request.occurrenceNote))
  if (request.occurrenceResourceUri === '') throw new StatusError('INVALID_ARGUMENT', 'occurrence_resource_uri is required')
  if (typeof request.attestation !== 'object' || request.attestation === null) throw new StatusError('INVALID_ARGUMENT', 'attestation is required')
  const { attestor, noteUid } = await findAttestor(ports, name)
  const digest = digestOfResourceUri(request.occurrenceResourceUri)
  if (digest === undefined) return refused(NO_DIGEST, [])
  if (note !== attestor.note)
    return refused(`${NONE_VALID}: the attestation hangs on note "${note}", the attestor trusts note "${attestor.note}"`, [])
  if (noteUid !== attestor.noteUid) return refused(`${NONE_VALID}: note "${note}" was deleted after attestor "${name}" was created`, [])
  if (attestor.publicKeys.length === 0) return refused(`${NONE_VALID}: attestor "${name}" has no public key`, [])
  const now = ports.surroundings.now()
  const attestation = unstored(request, { note, noteUid: attestor.noteUid, now })
  return conclude(await ports.checkAttestation(attestation, attestor, digest), now)
}

/** The attestor, and the uid of the note that bears its note's name now. */
async function findAttestor(ports: ValidationPorts, name: AttestorName): Promise<{ attestor: Attestor; noteUid: string | undefined }> {
  return await ports.changes.read(async (tables) => {
    await getProject(tables, projectOf(name))
    const stored = await tables.findAttestor(name)
    if (stored === undefined) throw new StatusError('NOT_FOUND', `Requested entity was not found: attestor "${name}" does not exist`)
    return { attestor: stored.attestor, noteUid: (await tables.findNote(stored.attestor.note))?.uid }
  })
}

function unstored(
  request: ValidationRequest,
  at: { readonly note: NoteName; readonly noteUid: string; readonly now: Instant },
): UnverifiedAttestation {
  const occurrence = getValue(parseOccurrenceName(`projects/${projectOf(at.note)}/occurrences/unstored`))
  const { note, noteUid, now: receivedAt } = at
  return { occurrence, note, noteUid, resourceUri: request.occurrenceResourceUri, ...readAttestation(request.attestation), receivedAt }
}

function conclude(checked: readonly CheckedAttestation[], now: Instant): ValidationResult {
  const faults: { readonly cause: RejectionCause; readonly text: string }[] = []
  for (const one of checked) {
    const judged = one.outcome === 'VERIFIED' ? judgeFact(one, now) : ({ valid: false, cause: one.cause } as const)
    if (judged.valid) return { result: 'VERIFIED' }
    const detail = one.outcome === 'REJECTED' && one.detail !== undefined ? ` (${one.detail})` : ''
    faults.push({ cause: judged.cause, text: `${explainRejection(judged.cause)}${detail}` })
  }
  const texts = [...new Set(faults.map(({ text }) => text))].slice(0, MAX_SHOWN)
  return refused(`${NONE_VALID}: ${texts.join('; ')}`, [...new Set(faults.map(({ cause }) => cause))])
}

function refused(denialReason: string, causes: readonly RejectionCause[]): ValidationResult {
  return { result: 'ATTESTATION_NOT_VERIFIABLE', denialReason, causes }
}
