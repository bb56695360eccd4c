import type { Issue } from '../parsed.ts'
import { describe } from './fields.ts'
import type { IssueList } from './issue-list.ts'
import { findNearest } from './nearest.ts'

/** An enumeration of the API: its values in the order of their numbers, which begin at 1; 0 is the unspecified one. */
export interface Enumeration<V extends string> {
  readonly unspecified: string
  readonly values: readonly V[]
  /** What people mean who write true (also: yes, on, enabled) or false. */
  readonly yes: V
  readonly no: V
}

const YES = ['true', 'yes', 'on', 'enabled']
const NO = ['false', 'no', 'off', 'disabled']

/** Reads an enumeration value by name or number, as proto3 JSON does. Undefined where it is unset, unspecified or was reported. */
export function readEnum<V extends string>(
  value: unknown,
  { unspecified, ...of }: Enumeration<V>,
  path: Issue['path'],
  issues: IssueList,
): V | undefined {
  if (value === undefined || value === unspecified || value === 0) return undefined
  const known = of.values.find((name, index) => name === value || index + 1 === value)
  if (known === undefined) issues.add(path, `Expected ${listNames(of.values)}; found ${describe(value)}${suggest(value, of)}`)
  return known
}

/** Reads an enumeration value that must be set. */
export function readRequiredEnum<V extends string>(value: unknown, of: Enumeration<V>, path: Issue['path'], issues: IssueList): V | undefined {
  if (value === undefined) issues.add(path, `Field is required: write ${listNames(of.values)}`)
  else if (value === of.unspecified || value === 0) issues.add(path, `${of.unspecified} says nothing: write ${listNames(of.values)}`)
  else return readEnum(value, of, path, issues)
  return undefined
}

/** Reads a word that has a name only and no number, as in files of Kubernetes. Undefined where it is unset or was reported. */
export function readWord<V extends string>(value: unknown, words: readonly V[], path: Issue['path'], issues: IssueList): V | undefined {
  const known = words.find((word) => word === value)
  if (value !== undefined && known === undefined) {
    const nearest = typeof value === 'string' ? findNearest(value, words) : undefined
    issues.add(path, `Expected ${listNames(words)}; found ${describe(value)}${nearest === undefined ? '' : `, did you mean ${nearest}?`}`)
  }
  return known
}

function suggest<V extends string>(value: unknown, of: Omit<Enumeration<V>, 'unspecified'>): string {
  const word = typeof value === 'boolean' ? String(value) : value
  if (typeof word !== 'string') return ''
  if (YES.includes(word.toLowerCase())) return `, write ${of.yes}`
  if (NO.includes(word.toLowerCase())) return `, write ${of.no}`
  const nearest = findNearest(word, of.values)
  return nearest === undefined ? '' : `, did you mean ${nearest}?`
}

function listNames(values: readonly string[]): string {
  return values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`
}
