import { isJsonObject } from '@countersign/core/json-object.ts'
import {
  type AttestorName,
  type ClusterKey,
  type NoteName,
  type OccurrenceName,
  parseAttestorName,
  parseClusterKey,
  parseNoteName,
  parseOccurrenceName,
  parseProjectId,
  type ProjectId,
} from '@countersign/core/name/resource-name.ts'
import type { Parsed } from '@countersign/core/parsed.ts'
import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'

/*
 * What rows hold is parsed as everything is that comes from outside: whoever can write the file must not make a decision from a row that no flow would
 * have written. What is not sound is DATA_LOSS, never left out and never taken for something that allows.
 */

/** A project id of a row. */
export const projectId = (text: string): ProjectId => sound(parseProjectId(text), text)
/** A cluster's key of a row. */
export const clusterKey = (text: string): ClusterKey => sound(parseClusterKey(text), text)
/** A note's name of a row. */
export const noteName = (text: string): NoteName => sound(parseNoteName(text), text)
/** An occurrence's name of a row. */
export const occurrenceName = (text: string): OccurrenceName => sound(parseOccurrenceName(text), text)
/** An attestor's name of a row. */
export const attestorName = (text: string): AttestorName => sound(parseAttestorName(text), text)

/** The value that a row's text parses to. `what` names the row. */
export function sound<T>(parsed: Parsed<T>, what: string): T {
  if (parsed.ok) return parsed.value
  throw damaged(what)
}

/** The members of a row's JSON body. */
export function bodyOf(body: string, what: string): Readonly<Record<string, unknown>> {
  const value = parseJson(body)
  if (isJsonObject(value)) return value
  throw damaged(what)
}

/** A text among the members. */
export function textOf(value: unknown, what: string): string {
  if (typeof value === 'string') return value
  throw damaged(what)
}

/** The refusal of a row that no flow can have written. */
export function damaged(what: string): StatusError {
  return new StatusError('DATA_LOSS', `The store's row of ${quote(what)} is damaged: restore it from a backup`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
