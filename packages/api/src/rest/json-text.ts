import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'

/** Nesting that a request's JSON may have. Kubernetes objects, the deepest that we take, stay far below it. */
const MAX_DEPTH = 64
const SPACE = /[ \t\n\r]*/y
// Runs without an escape, then one escape, again. Linear: no alternative overlaps another.
const DOUBLE_QUOTED = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\u0000-\u001f]*)*"/y
const SINGLE_QUOTED = /'[^'\\\u0000-\u001f]*(?:\\(?:['"\\/bfnrt]|u[0-9A-Fa-f]{4})[^'\\\u0000-\u001f]*)*'/y
const SCALAR = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null/y
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Parses the JSON of a request. Strict: UTF-8, no member twice in one object (another reader might take the other one), no
 * lone surrogate, bounded depth. Only where that fails is it read once more with texts in single quotes allowed, because
 * published IAM bodies have them and work against the original (binary-authorization.md §5.2).
 * Throws INVALID_ARGUMENT with the place of the first fault.
 */
export function parseJsonText(bytes: Uint8Array): unknown {
  let text: string
  try {
    text = UTF8.decode(bytes)
  } catch {
    throw new StatusError('INVALID_ARGUMENT', 'Invalid JSON payload received: it is not UTF-8')
  }
  const strict = tryRead(text, [DOUBLE_QUOTED])
  if (!(strict instanceof Fault)) return strict.value
  const lenient = text.includes("'") ? tryRead(text, [DOUBLE_QUOTED, SINGLE_QUOTED]) : strict
  if (!(lenient instanceof Fault)) return lenient.value
  // Of the two readings, the one that got further says what the writer meant.
  throw faultError(text, lenient.offset > strict.offset ? lenient : strict)
}

function tryRead(text: string, quotes: readonly RegExp[]): { value: unknown } | Fault {
  try {
    return { value: new Reader(text, quotes).readDocument() }
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
}

function faultError(text: string, fault: Fault): StatusError {
  const before = text.slice(0, fault.offset)
  const line = before.split('\n').length
  const column = fault.offset - before.lastIndexOf('\n')
  return new StatusError('INVALID_ARGUMENT', `Invalid JSON payload received: ${line}:${column}: ${fault.message}`, { cause: fault })
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
  readonly #quotes: readonly RegExp[]
  #at = 0

  constructor(text: string, quotes: readonly RegExp[]) {
    this.#text = text
    this.#quotes = quotes
  }

  readDocument(): unknown {
    const value = this.#readValue(0)
    if (this.#at < this.#text.length) throw new Fault(this.#at, 'expected the end of the text')
    return value
  }

  #readValue(depth: number): unknown {
    if (depth > MAX_DEPTH) throw new Fault(this.#at, `nested deeper than ${MAX_DEPTH}`)
    this.#match(SPACE)
    const next = this.#text[this.#at]
    const value = next === '{' ? this.#readObject(depth) : next === '[' ? this.#readArray(depth) : this.#readScalar()
    this.#match(SPACE)
    return value
  }

  #readObject(depth: number): unknown {
    const members = new Map<string, unknown>()
    this.#at++
    if (this.#takeAfterSpace('}')) return {}
    do {
      this.#match(SPACE)
      const at = this.#at
      const key = this.#readString()
      if (key === undefined) throw new Fault(at, 'expected a member name in double quotes')
      if (members.has(key)) throw new Fault(at, `the member ${quote(key)} stands twice in one object`)
      if (!this.#takeAfterSpace(':')) throw new Fault(this.#at, "expected ':'")
      members.set(key, this.#readValue(depth + 1))
    } while (this.#takeAfterSpace(','))
    if (!this.#takeAfterSpace('}')) throw new Fault(this.#at, "expected ',' or '}'")
    // fromEntries defines own members, so one that is named __proto__ stays a member.
    return Object.fromEntries(members)
  }

  #readArray(depth: number): unknown {
    const items: unknown[] = []
    this.#at++
    if (this.#takeAfterSpace(']')) return items
    do items.push(this.#readValue(depth + 1))
    while (this.#takeAfterSpace(','))
    if (!this.#takeAfterSpace(']')) throw new Fault(this.#at, "expected ',' or ']'")
    return items
  }

  #readScalar(): unknown {
    const at = this.#at
    const string = this.#readString()
    if (string !== undefined) return string
    const token = this.#match(SCALAR)
    if (token === '') throw new Fault(at, 'expected a value')
    return JSON.parse(token) as unknown
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
