import type { DescField, DescMessage } from '@bufbuild/protobuf'
import { ScalarType } from '@bufbuild/protobuf'
import type { Issue } from '@countersign/core/parsed.ts'
import { canonicalFieldMask, findField } from './canonical-json.ts'

const MAX_PARAMETERS = 200
/** What every method of Google's takes beside its own fields (cloud.google.com/apis/docs/system-parameters). None of it reaches a message. */
const SYSTEM = new Set(
  ['alt', '$alt', 'prettyPrint', '$prettyPrint', 'key', '$key', 'fields', '$fields', 'quotaUser', '$quotaUser', 'userProject', '$userProject'].concat(
    ['access_token', 'oauth_token', 'callback', '$callback', 'uploadType', 'upload_protocol', '$.xgafv', '$apiVersion'],
  ),
)

/** What the system parameters ask of the answer's form. */
export interface AnswerForm {
  readonly enumsAsNumbers: boolean
  readonly indented: boolean
}

/** Reads the system parameters: `$alt=json;enum-encoding=int`, `prettyPrint=false`. Whatever else they say is JSON to us. */
export function readAnswerForm(query: URLSearchParams): AnswerForm {
  const alt = query.get('$alt') ?? query.get('alt') ?? ''
  const pretty = query.get('$prettyPrint') ?? query.get('prettyPrint') ?? 'true'
  return { enumsAsNumbers: /;\s*enum-encoding=int\b/.test(alt), indented: pretty !== 'false' && pretty !== '0' }
}

/**
 * Reads query parameters into a tree of canonical JSON for the request message: names in either spelling, dots for fields
 * of messages, repeated parameters for lists, enums by name or number, field masks in either spelling. `bound` are the
 * fields (proto names) that path and body fill; a parameter for one of those would be a second opinion and is refused.
 */
export function readQuery(message: DescMessage, query: URLSearchParams, bound: ReadonlySet<string>, issues: Issue[]): Record<string, unknown> {
  const tree: Record<string, unknown> = {}
  let count = 0
  for (const [name, value] of query) {
    if (SYSTEM.has(name)) continue
    count++
    if (count <= MAX_PARAMETERS) readParameter({ message, tree, bound, issues }, name, value)
  }
  if (count > MAX_PARAMETERS) issues.push({ path: [], message: `${count} query parameters are given, expected at most ${MAX_PARAMETERS}` })
  return tree
}

interface Reading {
  readonly message: DescMessage
  readonly tree: Record<string, unknown>
  readonly bound: ReadonlySet<string>
  readonly issues: Issue[]
}

function readParameter({ message, tree, bound, issues }: Reading, name: string, value: string): void {
  const refuse = (why: string): void => void issues.push({ path: [name.slice(0, 200)], message: why })
  const names = name.split('.')
  const top = findField(message, names[0] ?? '')
  if (top !== undefined && (bound.has(top.name) || bound.has('*'))) return refuse('this query parameter is given by the path or the body already')
  let at = tree
  let owner: DescMessage | undefined = message
  for (const [index, step] of names.entries()) {
    const field: DescField | undefined = owner === undefined ? undefined : findField(owner, step)
    if (field === undefined) return refuse(`unknown query parameter, ${message.typeName} has no such field`)
    if (index === names.length - 1) return putLeaf(at, field, value, refuse)
    if (field.fieldKind !== 'message') return refuse('this query parameter names a field that holds no others')
    at = (at[field.jsonName] ??= {}) as Record<string, unknown>
    owner = field.message
  }
}

function putLeaf(at: Record<string, unknown>, field: DescField, text: string, refuse: (why: string) => void): void {
  if (field.fieldKind === 'map' || !isLeaf(field)) return refuse('this field cannot be given as a query parameter')
  const value = leafValue(field, text)
  if (field.fieldKind === 'list') {
    const items = (at[field.jsonName] ??= []) as unknown[]
    items.push(value)
  } else if (Object.hasOwn(at, field.jsonName)) refuse('this query parameter is given twice')
  else at[field.jsonName] = value
}

/** Messages that proto3 JSON writes as a text. */
const TEXT_MESSAGES = /^google\.protobuf\.(Timestamp|Duration|FieldMask|(String|Bool|Bytes|U?Int(32|64)|Float|Double)Value)$/

function isLeaf(field: DescField): boolean {
  return field.message === undefined || TEXT_MESSAGES.test(field.message.typeName)
}

function leafValue(field: DescField, text: string): unknown {
  if (field.message?.typeName === 'google.protobuf.FieldMask') return canonicalFieldMask(text)
  const isBool = field.scalar === ScalarType.BOOL || field.message?.typeName === 'google.protobuf.BoolValue'
  if (isBool && (text === 'true' || text === 'false')) return text === 'true'
  if (field.enum !== undefined && /^-?\d{1,10}$/.test(text)) return Number(text)
  return text
}
