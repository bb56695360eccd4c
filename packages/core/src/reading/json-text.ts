import { quote } from '../quote.ts'

/** What a JSON text can mean. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [member: string]: JsonValue }

/** The first thing that is wrong with a text, and where. */
export interface JsonFault {
  /** 0-based, in UTF-16 units; line and column are 1-based. */
  readonly offset: number
  readonly line: number
  readonly column: number
  /** Without a full stop. */
  readonly message: string
}

/** A text that was read, or why it was not. */
export type JsonText = { readonly ok: true; readonly value: JsonValue } | { readonly ok: false; readonly fault: JsonFault }

/** Which texts are taken. */
export interface JsonGrammar {
  readonly maxDepth: number
  /** EITHER: texts in single quotes too, which is no JSON. */
  readonly quotes: 'DOUBLE' | 'EITHER'
}

/*
 * `JSON.parse` takes the last of two equal members, while another reader may take the first: one text would then mean one image to one program and
 * another to us (peers.md §4.2, class C18). So: no member twice in one object, no half of a surrogate pair, bounded depth, and the exact place
 * of the first fault.
 */
const SPACE = /[ \t\n\r]*/y
// Runs without an escape, then one escape, again. Linear: no alternative overlaps another.
const DOUBLE_QUOTED = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\u0000-\u001f]*)*"/y
const SINGLE_QUOTED = /'[^'\\\u0000-\u001f]*(?:\\(?:['"\\/bfnrt]|u[0-9A-Fa-f]{4})[^'\\\u0000-\u001f]*)*'/y
const SCALAR = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null/y

/** Reads a JSON text so that no other reader can have read something else in it. The caller bounds its length. */
export function readJsonText(text: string, { maxDepth, quotes }: JsonGrammar): JsonText {
  const reader = new Reader(text, maxDepth, quotes === 'DOUBLE' ? [DOUBLE_QUOTED] : [DOUBLE_QUOTED, SINGLE_QUOTED])
  try {
    return { ok: true, value: reader.readDocument() }
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
  readonly #maxDepth: number
  readonly #quotes: readonly RegExp[]
  #at = 0

  constructor(text: string, maxDepth: number, quotes: readonly RegExp[]) {
    this.#text = text
    this.#maxDepth = maxDepth
    this.#quotes = quotes
  }

  readDocument(): JsonValue {
    const value = this.#readValue(0)
    if (this.#at < this.#text.length) throw new Fault(this.#at, 'expected the end of the text')
    return value
  }

  #readValue(depth: number): JsonValue {
    if (depth > this.#maxDepth) throw new Fault(this.#at, `nested deeper than ${this.#maxDepth}`)
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
      const name = this.#readString()
      if (name === undefined) throw new Fault(at, 'expected a member name in double quotes')
      if (members.has(name)) throw new Fault(at, `the member ${quote(name)} stands twice in one object`)
      if (!this.#takeAfterSpace(':')) throw new Fault(this.#at, "expected ':'")
      members.set(name, this.#readValue(depth + 1))
    } while (this.#takeAfterSpace(','))
    if (!this.#takeAfterSpace('}')) throw new Fault(this.#at, "expected ',' or '}'")
    // fromEntries defines own members, so one that is named __proto__ stays a member.
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
    const at = this.#at
    const string = this.#readString()
    if (string !== undefined) return string
    const token = this.#match(SCALAR)
    // The original's words (binary-authorization.md §1.5): a denial text holds them.
    if (token === '') throw new Fault(at, 'value, object or array expected')
    return JSON.parse(token) as JsonValue
  }

  #readString(): string | undefined {
    const at = this.#at
    for (const quoted of this.#quotes) {
      const token = this.#match(quoted)
      if (token === '') continue
      const value = JSON.parse(token.startsWith("'") ? requote(token) : token) as string
      if (!value.isWellFormed()) throw new Fault(at, 'the text holds half of a surrogate pair')
      return value
    }
    if (this.#text[at] === '"') throw new Fault(at, 'the text is not well-formed')
    return undefined
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

/** `'it\'s "x"'` → `"it's \"x\""`. */
function requote(token: string): string {
  const inner = token.slice(1, -1).replace(/\\.|"/gs, (part) => (part === "\\'" ? "'" : part === '"' ? '\\"' : part))
  return `"${inner}"`
}

function locate(text: string, { offset, message }: Fault): JsonFault {
  const before = text.slice(0, offset)
  return { offset, line: before.split('\n').length, column: offset - before.lastIndexOf('\n'), message }
}
