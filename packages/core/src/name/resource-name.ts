import type { Parsed } from '../parsed.ts'
import { quote } from '../quote.ts'

/**
 * Names of resources, in the forms of the original's APIs. Every branded string comes from its parser and from nowhere
 * else. Project ids follow the original's rule: 6 to 30 lower-case letters, digits and hyphens, beginning with a letter
 * and not ending in a hyphen; we accept from 1 character on, because clusters of one's own have short names (`p1`).
 */
export type ProjectId = string & { readonly __brand: 'ProjectId' }
/** `projects/P/notes/N` */
export type NoteName = string & { readonly __brand: 'NoteName' }
/** `projects/P/occurrences/ID` */
export type OccurrenceName = string & { readonly __brand: 'OccurrenceName' }
/** `projects/P/attestors/A` */
export type AttestorName = string & { readonly __brand: 'AttestorName' }
/** `location.name`, the key of a cluster in a policy: `us-central1-a.prod`. The location holds no dot, the name may. */
export type ClusterKey = string & { readonly __brand: 'ClusterKey' }

const PROJECT = /^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$/
const RESOURCE_ID = /^[A-Za-z0-9]([A-Za-z0-9_.~%+-]{0,254})$/
const LOCATION = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const CLUSTER = /^[a-z0-9]([a-z0-9._-]{0,98}[a-z0-9])?$/

/** Parses a project id. */
export function parseProjectId(text: string): Parsed<ProjectId> {
  return PROJECT.test(text)
    ? { ok: true, value: text as ProjectId }
    : wrong(`Project id ${quote(text)} is not valid: expected lower-case letters, digits and hyphens, beginning with a letter, at most 30`)
}

/** Parses `projects/P/notes/N`. The error text is the reference server's. */
export function parseNoteName(text: string): Parsed<NoteName> {
  return parseOwned<NoteName>(text, 'notes', `note name must be in the form "projects/[PROJECT_ID]/notes/[NOTE_ID]", got ${quote(text)}`)
}

/** Parses `projects/P/occurrences/ID`. The error text is the reference server's. */
export function parseOccurrenceName(text: string): Parsed<OccurrenceName> {
  return parseOwned<OccurrenceName>(
    text,
    'occurrences',
    `occurrence name must be in the form "projects/[PROJECT_ID]/occurrences/[OCCURRENCE_ID]", got ${quote(text)}`,
  )
}

/** Parses `projects/P/attestors/A`. */
export function parseAttestorName(text: string): Parsed<AttestorName> {
  return parseOwned<AttestorName>(
    text,
    'attestors',
    `attestor name must be in the form "projects/[PROJECT_ID]/attestors/[ATTESTOR_ID]", got ${quote(text)}`,
  )
}

/** Parses `projects/P/policy`, the name of a project's one policy, to the project. */
export function parsePolicyName(text: string): Parsed<ProjectId> {
  const id = /^projects\/([^/]+)\/policy$/.exec(text)?.[1]
  return id === undefined ? wrong(`policy name must be in the form "projects/[PROJECT_ID]/policy", got ${quote(text)}`) : parseProjectId(id)
}

/** Parses `location.name`. */
export function parseClusterKey(text: string): Parsed<ClusterKey> {
  const dot = text.indexOf('.')
  const valid = dot > 0 && LOCATION.test(text.slice(0, dot)) && CLUSTER.test(text.slice(dot + 1))
  return valid
    ? { ok: true, value: text as ClusterKey }
    : wrong(`Cluster ${quote(text)} is not valid: expected LOCATION.NAME, such as us-central1-a.prod`)
}

/** The project that owns a resource: the second segment of its name. */
export function projectOf(name: NoteName | OccurrenceName | AttestorName): ProjectId {
  return name.split('/')[1] as ProjectId
}

/** The last segment of a resource name. */
export function idOf(name: NoteName | OccurrenceName | AttestorName): string {
  return name.slice(name.lastIndexOf('/') + 1)
}

function parseOwned<T extends string>(text: string, collection: string, message: string): Parsed<T> {
  const parts = text.split('/')
  const valid =
    parts.length === 4 && parts[0] === 'projects' && PROJECT.test(parts[1] ?? '') && parts[2] === collection && RESOURCE_ID.test(parts[3] ?? '')
  return valid ? { ok: true, value: text as T } : wrong(message)
}

function wrong(message: string): Parsed<never> {
  return { ok: false, issues: [{ path: [], message }] }
}
