import { createHash } from 'node:crypto'
import type { NoteName } from '@countersign/core/name/resource-name.ts'
import { StatusError } from '@countersign/core/status.ts'
import { formatCanonicalJson } from '@countersign/evidence/record/canonical-json.ts'
import type { Message } from './message.ts'
import { findAttestationFaults } from './attestation-rules.ts'
import { findBuildFaults } from './build-rules.ts'
import type { FindFaults } from './fault.ts'
import { within } from './fault.ts'
import type { KeptKind } from './kind.ts'
import { acceptKind } from './kind.ts'
import { findDetails, isMessage, textOf } from './message.ts'
import { acceptNoteName } from './names.ts'
import { findPackageFaults } from './package-rules.ts'
import { findVulnerabilityFaults } from './vulnerability-rules.ts'

const MAX_URI = 2048
const MAX_BYTES = 512 * 1024
const OUTPUT_ONLY: readonly string[] = ['name', 'kind', 'createTime', 'updateTime']
/** Rules of details by member, and the prefix of their texts, which is v1beta1's name of the member. What has none is not judged. */
const RULES: Readonly<Record<string, { readonly prefix: string; readonly find: FindFaults }>> = {
  attestation: { prefix: 'attestation.', find: findAttestationFaults },
  build: { prefix: 'build.', find: findBuildFaults },
  package: { prefix: 'installation.', find: findPackageFaults },
  vulnerability: { prefix: 'vulnerability.', find: findVulnerabilityFaults },
}

/** An occurrence as a client may write it. */
export interface OccurrenceBody {
  readonly kind: KeptKind
  readonly note: NoteName
  readonly resourceUri: string
  readonly members: Message
}

/** The note that an occurrence hangs on, or INVALID_ARGUMENT with the reference server's text. */
export function acceptNoteReference(occurrence: Message): NoteName {
  return acceptNoteName(textOf(occurrence['noteName']))
}

/** What is wrong with an occurrence, in the reference server's words and order (kritis-and-grafeas.md §4.6). Empty: nothing. */
export function findOccurrenceFaults(occurrence: Message): readonly string[] {
  const uri = textOf(occurrence['resourceUri'])
  const details = findDetails(occurrence)
  const faults: string[] = []
  if (uri === '') faults.push('resource_uri is required')
  if (uri.length > MAX_URI) faults.push(`resource_uri has ${uri.length} characters, expected at most ${MAX_URI}`)
  if (hasControl(uri)) faults.push('resource_uri holds a control character or a space')
  if (details.length === 0) faults.push('details is required')
  if (details.length > 1) faults.push(`details is one of ${details.map(({ member }) => member).join(', ')}, expected exactly one`)
  return [...faults, ...details.flatMap(({ member }) => findDetailsFaults(member, occurrence[member]))]
}

function findDetailsFaults(member: string, value: unknown): readonly string[] {
  const rule = RULES[member]
  return rule === undefined || !isMessage(value) ? [] : within(rule.prefix, rule.find(value))
}

/** Takes an occurrence whose faults are none. UNIMPLEMENTED for a kind that is not kept, INVALID_ARGUMENT for one that is too large. */
export function acceptOccurrenceBody(occurrence: Message): OccurrenceBody {
  const kind = acceptKind(occurrence)
  const members = Object.fromEntries(Object.entries(occurrence).filter(([member]) => !OUTPUT_ONLY.includes(member)))
  refuseLong(members)
  return { kind, note: acceptNoteReference(occurrence), resourceUri: textOf(occurrence['resourceUri']), members }
}

/** INVALID_ARGUMENT for an occurrence that is longer than one may be, when it is created and whenever it is updated. */
export function refuseLong(occurrence: Message): void {
  const size = Buffer.byteLength(JSON.stringify(occurrence))
  if (size > MAX_BYTES) throw new StatusError('INVALID_ARGUMENT', `occurrence is invalid: [it has ${size} bytes, expected at most ${MAX_BYTES}]`)
}

/**
 * What makes two attestations the same: note (the one of this uid), resource URI and details, envelope included (DESIGN §13). Other
 * kinds may repeat, as in the reference server and as scanners do, whose newest word counts: there the occurrence's own name is
 * part of it, so that no two are the same.
 */
export function hashContent(noteUid: string, occurrence: Message): string {
  const { resourceUri, envelope, name } = occurrence
  const details = Object.fromEntries(findDetails(occurrence).map(({ member }) => [member, occurrence[member]]))
  const own = details['attestation'] === undefined ? { name } : {}
  return createHash('sha256')
    .update(formatCanonicalJson({ noteUid, resourceUri, ...details, envelope, ...own }), 'utf8')
    .digest('hex')
}

function hasControl(text: string): boolean {
  return /[\p{Cc}\s]/u.test(text)
}
