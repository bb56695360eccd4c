import type { FieldPath } from './expression.ts'

/** What a filter's names and texts mean for one kind of resource. */
export interface Dialect {
  /** The resource's own name for a field. */
  canonicalField(field: FieldPath): FieldPath
  /** The one form of all texts that mean the same as a value of this (canonical) field; what a store may look up. */
  canonicalText(field: FieldPath, text: string): string
  /** What is compared: the canonical text, folded where case says nothing. */
  fold(text: string): string
  /** The order of a text that is neither number nor time, where it has one. */
  rankOf(text: string): number | undefined
}

const RESOURCE_URI: FieldPath = ['resourceUri']
const KIND: FieldPath = ['kind']
/** Names of the same field in the dialects of Grafeas (kritis-and-grafeas.md §4.8). */
const FIELD_ALIASES: Readonly<Record<string, FieldPath>> = {
  resourceUrl: RESOURCE_URI,
  resourceUri: RESOURCE_URI,
  'resource.uri': RESOURCE_URI,
  'resource.url': RESOURCE_URI,
  kind: KIND,
  noteKind: KIND,
}
/** Kinds as v1alpha1 named them; clients still send the first two. */
const KIND_ALIASES: Readonly<Record<string, string>> = {
  PACKAGE_VULNERABILITY: 'VULNERABILITY',
  ATTESTATION_AUTHORITY: 'ATTESTATION',
  BUILD_DETAILS: 'BUILD',
  IMAGE_BASIS: 'IMAGE',
  PACKAGE_MANAGER: 'PACKAGE',
  DEPLOYABLE: 'DEPLOYMENT',
}

/** Notes and occurrences, as v1 has them in JSON. A resource URI is the same with and without `https://`: clients write both. */
export const RESOURCE_DIALECT: Dialect = {
  canonicalField(field) {
    const names = field.map(camelCase)
    const alias = names.join('.')
    return Object.hasOwn(FIELD_ALIASES, alias) ? (FIELD_ALIASES[alias] ?? names) : names
  },
  canonicalText(field, text) {
    if (field === RESOURCE_URI) return text.replace(/^https?:\/\//, '')
    return field === KIND && Object.hasOwn(KIND_ALIASES, text) ? (KIND_ALIASES[text] ?? text) : text
  },
  fold: (text) => text,
  rankOf: () => undefined,
}

/** Cloud Logging's severities in order. */
const SEVERITIES: readonly string[] = ['default', 'debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency']

/** Log entries: texts are compared without regard to case, severities by rank, as Cloud Logging does. */
export const LOG_DIALECT: Dialect = {
  canonicalField: (field) => field,
  canonicalText: (_field, text) => text,
  fold: (text) => text.normalize('NFKC').toLowerCase(),
  rankOf(text) {
    const rank = SEVERITIES.indexOf(text.toLowerCase())
    return rank < 0 ? undefined : rank
  },
}

/** `note_project_id` → `noteProjectId`. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}
