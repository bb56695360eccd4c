import { StatusError } from '@countersign/core/status.ts'
import type { Message } from './message.ts'
import { DETAILS, findDetails } from './message.ts'

/** The kinds of notes and occurrences that this server keeps, by name: numbers from 8 on differ between the API versions (kritis-and-grafeas.md §4.3). */
export type KeptKind = (typeof KEPT)[number]

const KEPT = ['ATTESTATION', 'VULNERABILITY', 'DISCOVERY', 'PACKAGE', 'BUILD', 'SBOM_REFERENCE', 'VULNERABILITY_ASSESSMENT'] as const

/** The kind that a message's details make, whatever it says in `kind`. UNIMPLEMENTED for one that is not kept. */
export function acceptKind(message: Message): KeptKind {
  const named = findDetails(message)[0]?.kind
  const kept = KEPT.find((kind) => kind === named)
  if (kept !== undefined) return kept
  throw new StatusError(
    'UNIMPLEMENTED',
    `Notes and occurrences of kind ${String(named)} are not kept by this server, expected one of ${KEPT.join(', ')}`,
  )
}

/** The members that hold a kind's details, and those that hold another's. */
export function membersOfKind(kind: string): { readonly own: readonly string[]; readonly foreign: readonly string[] } {
  const members = Object.keys(DETAILS)
  return { own: members.filter((member) => DETAILS[member] === kind), foreign: members.filter((member) => DETAILS[member] !== kind) }
}
