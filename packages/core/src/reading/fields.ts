import { isJsonObject } from '../json-object.ts'
import type { Issue } from '../parsed.ts'
import { quote } from '../quote.ts'
import type { IssueList } from './issue-list.ts'
import { findNearest } from './nearest.ts'

type Path = Issue['path']
/** The members of a message that are set, under their JSON names. */
export type Fields<F extends string> = { readonly [name in F]?: unknown }

/**
 * Reads a message as proto3 JSON does: lowerCamelCase or snake_case names, null for unset. What is not an object, an unknown
 * field and a field in both spellings are issues. The input may be hostile: only own members are read, none is walked into.
 */
export function readFields<F extends string>(tree: unknown, names: readonly F[], path: Path, issues: IssueList): Fields<F> | undefined {
  return collectFields(tree, names, { path, issues, spell: (key) => names.find((name) => name === key || snakeCase(name) === key) })
}

/** Reads an object as files of Kubernetes are written: every name in one spelling only; otherwise as `readFields`. */
export function readExactFields<F extends string>(tree: unknown, names: readonly F[], path: Path, issues: IssueList): Fields<F> | undefined {
  return collectFields(tree, names, { path, issues, spell: (key) => names.find((name) => name === key) })
}

interface Reading<F extends string> {
  readonly path: Path
  readonly issues: IssueList
  /** The field that a key means. */
  readonly spell: (key: string) => F | undefined
}

function collectFields<F extends string>(tree: unknown, names: readonly F[], { path, issues, spell }: Reading<F>): Fields<F> | undefined {
  if (!isJsonObject(tree)) {
    issues.add(path, `Expected an object with ${names.join(', ')}; found ${describe(tree)}`)
    return undefined
  }
  const found: { [name in F]?: unknown } = Object.create(null)
  for (const key of Object.keys(tree)) {
    if (issues.isFull) break
    const name = spell(key)
    if (name === undefined) issues.add([...path, key], unknownField(key, names))
    else if (Object.hasOwn(found, name)) issues.add([...path, key], `Field is given twice, as ${name} and as ${snakeCase(name)}: keep one`)
    else if (tree[key] !== null && tree[key] !== undefined) found[name] = tree[key]
  }
  return found
}

/** Reads a text of at most `maxLength` characters. Undefined where it is unset or was reported. */
export function readText(value: unknown, maxLength: number, path: Path, issues: IssueList): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string') issues.add(path, `Expected a text, found ${describe(value)}`)
  else if (value.length > maxLength) issues.add(path, `Expected at most ${maxLength} characters, found ${value.length}`)
  else return value
  return undefined
}

/** Reads a list of at most `maxItems`; empty where it is unset or was reported. */
export function readList(value: unknown, maxItems: number, path: Path, issues: IssueList): readonly unknown[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) issues.add(path, `Expected a list, found ${describe(value)}`)
  else if (value.length > maxItems) issues.add(path, `Expected at most ${maxItems} items, found ${value.length}`)
  else return value
  return []
}

/** What a value is, for a message; texts, numbers and booleans are shown, larger things only named. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (typeof value === 'string') return `the text ${quote(value)}`
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return Array.isArray(value) ? 'a list' : 'an object'
}

function unknownField(key: string, names: readonly string[]): string {
  const nearest = findNearest(key, names)
  return nearest === undefined ? `Unknown field, expected one of ${names.join(', ')}` : `Unknown field, did you mean ${nearest}?`
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
