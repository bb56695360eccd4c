import type { DescMessage, JsonValue, Message } from '@bufbuild/protobuf'
import { fromJson } from '@bufbuild/protobuf'
import type { Issue } from '@countersign/core/parsed.ts'
import { formatIssue } from '@countersign/core/parsed.ts'
import { StatusError } from '@countersign/core/status.ts'
import { canonicalJson, findField } from './canonical-json.ts'
import { parseJsonText } from './json-text.ts'
import { readQuery } from './query.ts'
import type { PathParam, Route } from './router.ts'

const MAX_SHOWN = 20

/** Where the parts of a request message come from. */
export interface RequestParts {
  readonly route: Route
  readonly pathParams: readonly PathParam[]
  readonly query: URLSearchParams
  readonly body: Uint8Array
}

/**
 * Builds the request message from path, query and body (google/api/http.proto). The path has the last word on what it
 * names. Throws INVALID_ARGUMENT with every issue and its path.
 */
export function readRequest({ route, pathParams, query, body }: RequestParts): Message {
  const { input } = route.method
  const issues: Issue[] = []
  const tree = readBody(route, body, issues)
  const bound = new Set([...pathParams.map(({ fieldPath }) => fieldPath[0] ?? ''), ...(route.body === '' ? [] : [route.body])])
  merge(tree, readQuery(input, query, bound, issues))
  for (const { fieldPath, value } of pathParams) putAt(input, tree, fieldPath, value)
  if (issues.length > 0) throw invalidRequest(issues)
  return readMessage(input, tree)
}

function readBody(route: Route, body: Uint8Array, issues: Issue[]): Record<string, unknown> {
  const tree = body.length === 0 ? undefined : parseJsonText(body)
  if (route.body === '') {
    // Some tools send `{}` with every request; anything else was meant, and would be lost.
    if (tree !== undefined && !isEmptyObject(tree)) issues.push({ path: [], message: `${route.httpMethod} of this path takes no body` })
    return {}
  }
  if (tree === undefined) return {}
  if (route.body === '*') return membersOf(canonicalJson(route.method.input, tree, [], issues))
  const field = findField(route.method.input, route.body)
  if (field?.message === undefined) throw new Error(`${route.method.name} has a body that is no message`)
  return { [field.jsonName]: canonicalJson(field.message, tree, [], issues) }
}

function readMessage(message: DescMessage, tree: unknown): Message {
  try {
    return fromJson(message, tree as JsonValue)
  } catch (error) {
    const text = error instanceof Error ? error.message : 'malformed'
    throw new StatusError('INVALID_ARGUMENT', `Invalid JSON payload received: ${text.slice(0, 500)}`, { cause: error })
  }
}

function merge(tree: Record<string, unknown>, more: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(more)) tree[name] = value
}

function putAt(message: DescMessage, tree: Record<string, unknown>, fieldPath: readonly string[], value: string): void {
  const [name = '', ...rest] = fieldPath
  const field = findField(message, name)
  if (field === undefined) throw new Error(`${message.typeName} has no field ${name}`)
  if (rest.length === 0 || field.message === undefined) tree[field.jsonName] = value
  else putAt(field.message, (tree[field.jsonName] = membersOf(tree[field.jsonName])), rest, value)
}

function invalidRequest(issues: readonly Issue[]): StatusError {
  const shown = issues.slice(0, MAX_SHOWN).map((issue) => formatIssue(issue).slice(0, 500))
  const rest = issues.length > MAX_SHOWN ? [`and ${issues.length - MAX_SHOWN} more`] : []
  return new StatusError('INVALID_ARGUMENT', `Invalid request: ${[...shown, ...rest].join('; ')}`)
}

function membersOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
}
