import { StatusError } from '@countersign/core/status.ts'
import { findAttestationNoteFaults } from './attestation-rules.ts'
import { findBuildNoteFaults } from './build-rules.ts'
import type { FindFaults } from './fault.ts'
import { within } from './fault.ts'
import type { KeptKind } from './kind.ts'
import { acceptKind } from './kind.ts'
import type { Message } from './message.ts'
import { findDetails, isMessage } from './message.ts'
import { findPackageNoteFaults } from './package-rules.ts'
import { findVulnerabilityNoteFaults } from './vulnerability-rules.ts'

/** An advisory names every affected package of every distribution: its note is longer than an authority's. */
const MAX_NOTE_BYTES = { ATTESTATION: 64 * 1024, OTHER: 512 * 1024 } as const
/** Members that the service writes, whatever a client sends. */
const OUTPUT_ONLY: readonly string[] = ['name', 'kind', 'createTime', 'updateTime']
/** Rules of details by member, and the prefix of their texts, which is v1beta1's name of the member. What has none is not judged. */
const RULES: Readonly<Record<string, { readonly prefix: string; readonly find: FindFaults }>> = {
  attestation: { prefix: 'attestation_authority.', find: findAttestationNoteFaults },
  build: { prefix: 'build.', find: findBuildNoteFaults },
  discovery: { prefix: 'discovery.', find: findDiscoveryNoteFaults },
  package: { prefix: 'package.', find: findPackageNoteFaults },
  vulnerability: { prefix: 'vulnerability.', find: findVulnerabilityNoteFaults },
}

/** A note as a client may write it: without what only the service writes. */
export interface NoteBody {
  readonly kind: KeptKind
  readonly members: Message
}

/** What is wrong with a note, in the reference server's words and order (kritis-and-grafeas.md §4.6). Empty: nothing. */
export function findNoteFaults(note: Message): readonly string[] {
  const [details, ...others] = findDetails(note)
  if (details === undefined) return ['type is required']
  if (others.length > 0) return [`type is one of ${[details, ...others].map(({ member }) => member).join(', ')}, expected exactly one`]
  const rule = RULES[details.member]
  const value = note[details.member]
  return rule === undefined || !isMessage(value) ? [] : within(rule.prefix, rule.find(value))
}

/** Takes a note whose faults are none. UNIMPLEMENTED for a kind that is not kept, INVALID_ARGUMENT for one that is too large. */
export function acceptNoteBody(note: Message): NoteBody {
  const kind = acceptKind(note)
  const members = Object.fromEntries(Object.entries(note).filter(([member]) => !OUTPUT_ONLY.includes(member)))
  const size = Buffer.byteLength(JSON.stringify(members))
  const most = kind === 'ATTESTATION' ? MAX_NOTE_BYTES.ATTESTATION : MAX_NOTE_BYTES.OTHER
  if (size > most) throw new StatusError('INVALID_ARGUMENT', `note is invalid: [it has ${size} bytes, expected at most ${most}]`)
  return { kind, members }
}

/** The faults of a discovery note: it tells which kind of analysis it stands for. */
function findDiscoveryNoteFaults({ analysisKind }: Message): readonly string[] {
  return analysisKind === undefined || analysisKind === 'NOTE_KIND_UNSPECIFIED' ? ['analysis_kind is required'] : []
}
