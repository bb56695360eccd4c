/**
 * A JSON parser for bytes that somebody signed. `JSON.parse` takes the last of two equal keys, while another reader may
 * take the first: a payload could then mean one image to the signer's tool and another to us (peers.md §4.2, class C18).
 * So: strict UTF-8, no duplicate key, no byte order mark, bounded depth, and the exact place of the first fault.
 */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue }

export interface JsonFault {
  /** 1-based. */
  readonly line: number
  readonly column: number
  /** What is wrong there, without a full stop. */
  readonly message: string
}

export type StrictJson = { readonly ok: true; readonly value: JsonValue } | { readonly ok: false; readonly fault: JsonFault }

const MAX_DEPTH = 32
const SPACE = /[ \t\n\r]*/y
// The two unrolled halves of a string: runs without an escape, then one escape. Linear: no alternative overlaps another.
const STRING = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\u0000-\u001f]*)*"/y
const SCALAR = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null/y
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Parses JSON bytes strictly. The caller bounds the size; depth is bounded here, at 32. */
export function parseStrictJson(bytes: Uint8Array): StrictJson {
  let text: string
  try {
    text = UTF8.decode(bytes)
  } catch {
    return { ok: false, fault: { line: 1, column: 1, message: 'the bytes are not UTF-8' } }
  }
  try {
    return { ok: true, value: new Reader(text).readDocument() }
  } catch (error) {
    if (error instanceof Fault) return { ok: false, fault: locate(text, error) }
    throw error
  }
}

class Fault extends Error {
  readonly offset: number

  constructor(offset: number, message: string) {
    super(message)
    this.offset = offset
  }
}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  readDocument(): JsonValue {
    const value = this.#readValue(0)
    if (this.#at < this.#text.length) throw new Fault(this.#at, 'expected the end of the text')
    return value
  }

  #readValue(depth: number): JsonValue {
    if (depth > MAX_DEPTH) throw new Fault(this.#at, `nested deeper than ${MAX_DEPTH}`)
    this.#match(SPACE)
    const next = this.#text[this.#at]
    const value = next === '{' ? this.#readObject(depth) : next === '[' ? this.#readArray(depth) : this.#readScalar()
    this.#match(SPACE)
    return value
  }

  #readObject(depth: number): JsonValue {
    const members = new Map<string, JsonValue>()
    this.#at++
    if (this.#takeAfterSpace('}')) return {}
    do {
      this.#match(SPACE)
      const at = this.#at
      const key = this.#readString('expected a key in double quotes')
      if (members.has(key)) throw new Fault(at, `the key ${JSON.stringify(key.slice(0, 100))} stands twice`)
      if (!this.#takeAfterSpace(':')) throw new Fault(this.#at, "expected ':'")
      members.set(key, this.#readValue(depth + 1))
    } while (this.#takeAfterSpace(','))
    if (!this.#takeAfterSpace('}')) throw new Fault(this.#at, "expected ',' or '}'")
    // fromEntries defines own properties, so a key named __proto__ stays a key.
    return Object.fromEntries(members)
  }

  #readArray(depth: number): JsonValue {
    const items: JsonValue[] = []
    this.#at++
    if (this.#takeAfterSpace(']')) return items
    do items.push(this.#readValue(depth + 1))
    while (this.#takeAfterSpace(','))
    if (!this.#takeAfterSpace(']')) throw new Fault(this.#at, "expected ',' or ']'")
    return items
  }

  #readScalar(): JsonValue {
    if (this.#text[this.#at] === '"') return this.#readString('the string is not well-formed')
    const at = this.#at
    const token = this.#match(SCALAR)
    if (token === '') throw new Fault(at, 'value, object or array expected')
    return JSON.parse(token) as JsonValue
  }

  #readString(expectation: string): string {
    const at = this.#at
    const token = this.#match(STRING)
    if (token === '') throw new Fault(at, expectation)
    return JSON.parse(token) as string
  }

  #takeAfterSpace(character: string): boolean {
    this.#match(SPACE)
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const token = pattern.exec(this.#text)?.[0] ?? ''
    this.#at += token.length
    return token
  }
}

function locate(text: string, fault: Fault): JsonFault {
  const before = text.slice(0, fault.offset)
  const lineStart = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: before.length - lineStart + 1, message: fault.message }
}
