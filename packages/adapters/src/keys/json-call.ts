import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { HttpRequest, HttpSend } from '../http-send.ts'

const MAX_BYTES = 1024 * 1024

/** A JSON object from outside. */
export type JsonTree = Readonly<Record<string, unknown>>

export interface JsonCall {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: JsonTree
  /** Sent as a form in place of JSON: what token services take. */
  readonly form?: Readonly<Record<string, string>>
  readonly ca?: string
}

export interface JsonAnswer {
  readonly status: number
  /** Empty where the body is not a JSON object. */
  readonly tree: JsonTree
}

/** One call to a keeper of keys. Gives whatever it answers; throws UNAVAILABLE where it cannot be reached. */
export async function callJson(send: HttpSend, call: JsonCall): Promise<JsonAnswer> {
  const { status, body } = await send(requestOf(call))
  if (body.length > MAX_BYTES) throw new StatusError('UNAVAILABLE', `The answer of ${quote(call.url)} is longer than ${MAX_BYTES} bytes`)
  return { status, tree: parseTree(Buffer.from(body).toString('utf8')) }
}

/** A text of an answer, by its path; empty where there is none. */
export function textAt(tree: JsonTree, ...path: readonly string[]): string {
  const value = path.reduce<unknown>((inner, name) => asTree(inner)[name], tree)
  return typeof value === 'string' ? value : ''
}

/** An object of an answer; empty where there is none. */
export function treeAt(tree: JsonTree, ...path: readonly string[]): JsonTree {
  return asTree(path.reduce<unknown>((inner, name) => asTree(inner)[name], tree))
}

function asTree(value: unknown): JsonTree {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function parseTree(text: string): JsonTree {
  try {
    return asTree(JSON.parse(text))
  } catch {
    return {}
  }
}

function requestOf({ method, url, headers = {}, json, form, ca }: JsonCall): HttpRequest {
  const base = { method, url, ...(ca === undefined ? {} : { ca }) }
  if (json !== undefined) return { ...base, headers: { ...headers, 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(json)) }
  if (form === undefined) return { ...base, headers }
  const body = Buffer.from(new URLSearchParams(form).toString())
  return { ...base, headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' }, body }
}
