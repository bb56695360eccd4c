import { type NoteName, type OccurrenceName, parseNoteName, parseOccurrenceName, type ProjectId } from '@countersign/core/name/resource-name.ts'
import { getValue } from '../changes/invalid.ts'
import { acceptParent } from '../changes/parent.ts'

/**
 * Names as clients write them: with a region or without, on every route (kritis-and-grafeas.md §4.2, §4.3). There is one store and no region in it, so
 * both spellings mean one thing; a message keeps the one that it was written with, and what is owned or permitted never depends on it.
 */
const REGION = /^(projects\/[^/]+)\/locations\/[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?=\/|$)/

/** `projects/P/notes/N`, or INVALID_ARGUMENT in the reference server's words. */
export function acceptNoteName(text: string): NoteName {
  return getValue(parseNoteName(withoutRegion(text)))
}

/** `projects/P/occurrences/ID`, likewise. */
export function acceptOccurrenceName(text: string): OccurrenceName {
  return getValue(parseOccurrenceName(withoutRegion(text)))
}

/** The project of `projects/P`, likewise. */
export function acceptOwner(parent: string): ProjectId {
  return acceptParent(withoutRegion(parent))
}

function withoutRegion(text: string): string {
  return text.replace(REGION, '$1')
}
