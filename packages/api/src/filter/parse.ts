import type { Parsed } from '@countersign/core/parsed.ts'
import type { Expression, FieldPath, FunctionName, Literal, Operator } from './expression.ts'

/** As Cloud Logging's bound on a filter. */
const MAX_LENGTH = 20_000
const MAX_DEPTH = 50
const MAX_TERMS = 1000

const SPACE = /\s*/y
const KEYWORD = /(?:AND|OR|NOT)(?=[\s(]|$)/y
const NAME = /[^\s"'()[\]=<>!:~,.]+/y
const INDEX = /\[(\d{1,6})\]/y
const OPERATOR = /<=|>=|!=|=~|!~|[<>=:]/y
const BARE_VALUE = /[^\s"'(),=<>!~:][^\s"'(),]*/y
// Runs without an escape, then one escape, again: linear.
const QUOTED = /"[^"\\]*(?:\\[^][^"\\]*)*"/y
const OPERATORS: Readonly<Record<string, Operator>> = {
  '=': 'EQ',
  '!=': 'NE',
  '<': 'LT',
  '<=': 'LE',
  '>': 'GT',
  '>=': 'GE',
  ':': 'HAS',
  '=~': 'MATCHES',
  '!~': 'NOT_MATCHES',
}
const FUNCTIONS: readonly string[] = ['has_suffix', 'has_prefix'] satisfies readonly FunctionName[]

/**
 * Parses a filter: AIP-160 as Grafeas refines it (kritis-and-grafeas.md §4.8), and Cloud Logging's language, which agree: NOT binds
 * tightest, then OR, then AND, and terms beside each other are ANDed. So `a AND b OR c` is `a AND (b OR c)`. Of both there are
 * quoted names in a path (`labels."a.b/c"`), groups of values (`severity=(ERROR OR WARNING)`), `=~`, and text that may stand anywhere.
 * The empty filter is an AND of nothing. The first fault ends the reading; its issue has line and column.
 */
export function parseFilter(text: string): Parsed<Expression> {
  if (text.length > MAX_LENGTH)
    return { ok: false, issues: [{ path: [], message: `The filter has ${text.length} characters, expected at most ${MAX_LENGTH}` }] }
  try {
    return { ok: true, value: new Parser(text).readFilter() }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const before = text.slice(0, error.offset)
    const line = before.split('\n').length
    return { ok: false, issues: [{ path: [], message: error.message, line, column: error.offset - before.lastIndexOf('\n') }] }
  }
}

class Fault extends Error {
  readonly offset: number

  constructor(offset: number, message: string) {
    super(message)
    this.offset = offset
  }
}

type ReadTerm = (depth: number) => Expression

class Parser {
  readonly #text: string
  #at = 0
  #terms = 0

  constructor(text: string) {
    this.#text = text
  }

  readFilter(): Expression {
    const expression = this.#readAnd(0, (depth) => this.#readSimple(depth))
    if (this.#at < this.#text.length) throw new Fault(this.#at, `Expected the end of the filter, found ${this.#next()}`)
    return expression
  }

  #readAnd(depth: number, readTerm: ReadTerm): Expression {
    if (depth > MAX_DEPTH) throw new Fault(this.#at, `The filter is nested deeper than ${MAX_DEPTH}`)
    const operands: Expression[] = []
    let isOwed = false
    for (this.#match(SPACE); !this.#isAtEnd(); this.#match(SPACE)) {
      if (this.#peekKeyword() === 'AND') {
        if (operands.length === 0 || isOwed) throw new Fault(this.#at, 'Expected something before AND')
        this.#match(KEYWORD)
        isOwed = true
      } else {
        operands.push(this.#readOr(depth, readTerm))
        isOwed = false
      }
    }
    if (isOwed) throw new Fault(this.#at, 'Expected something after AND')
    const [only, second] = operands
    return only !== undefined && second === undefined ? only : { type: 'AND', operands }
  }

  #readOr(depth: number, readTerm: ReadTerm): Expression {
    const operands = [this.#readNot(depth, readTerm)]
    for (this.#match(SPACE); this.#peekKeyword() === 'OR'; this.#match(SPACE)) {
      this.#match(KEYWORD)
      operands.push(this.#readNot(depth, readTerm))
    }
    const [only, second] = operands
    return only !== undefined && second === undefined ? only : { type: 'OR', operands }
  }

  #readNot(depth: number, readTerm: ReadTerm): Expression {
    if (depth > MAX_DEPTH) throw new Fault(this.#at, `The filter is nested deeper than ${MAX_DEPTH}`)
    this.#match(SPACE)
    const keyword = this.#peekKeyword()
    if (keyword === 'AND' || keyword === 'OR') throw new Fault(this.#at, `Expected something before ${keyword}`)
    if (keyword !== 'NOT' && this.#text[this.#at] !== '-') return this.#countTerm(depth, readTerm)
    this.#at += keyword?.length ?? 1
    return { type: 'NOT', operand: this.#readNot(depth + 1, readTerm) }
  }

  #countTerm(depth: number, readTerm: ReadTerm): Expression {
    this.#terms++
    if (this.#terms > MAX_TERMS) throw new Fault(this.#at, `The filter has more than ${MAX_TERMS} terms`)
    if (this.#text[this.#at] !== '(') return readTerm(depth)
    this.#at++
    const expression = this.#readAnd(depth + 1, readTerm)
    if (this.#text[this.#at] !== ')') throw new Fault(this.#at, "Expected ')'")
    this.#at++
    return expression
  }

  #readSimple(depth: number): Expression {
    const offset = this.#at
    const field = this.#readPath()
    const end = this.#at
    if (this.#text[end] === '(') return this.#readCall(field, offset)
    this.#match(SPACE)
    const symbol = this.#match(OPERATOR)
    if (symbol === '') {
      this.#at = end
      const isQuoted = this.#text[offset] === '"' && field.length === 1
      return { type: 'GLOBAL', text: isQuoted ? (field[0] ?? '') : this.#text.slice(offset, end), offset }
    }
    this.#match(SPACE)
    const operator = OPERATORS[symbol] ?? 'EQ'
    const readValue = (): Expression => ({ type: 'RESTRICTION', field, operator, offset, literal: this.#readLiteral() })
    return this.#text[this.#at] === '(' ? this.#countTerm(depth, readValue) : readValue()
  }

  #readPath(): FieldPath {
    const names = [this.#readName()]
    for (;;) {
      const index = this.#match(INDEX)
      if (index !== '') names.push(index.slice(1, -1))
      else if (this.#text[this.#at] === '.') {
        this.#at++
        names.push(this.#readName())
      } else return names
    }
  }

  #readName(): string {
    const quoted = this.#readQuoted()
    if (quoted !== undefined) return quoted
    const at = this.#at
    const name = this.#match(NAME)
    if (name === '') throw new Fault(at, `Expected a field or a text, found ${this.#next()}`)
    return name
  }

  #readCall(field: FieldPath, offset: number): Expression {
    const [name = ''] = field
    if (field.length !== 1 || !isFunction(name)) throw new Fault(offset, `Unknown function, expected ${FUNCTIONS.join(' or ')}`)
    this.#at++
    this.#match(SPACE)
    const subject = this.#readPath()
    this.#take(',')
    const at = this.#at
    const text = this.#readQuoted()
    if (text === undefined) throw new Fault(at, `Expected a text in double quotes, found ${this.#next()}`)
    this.#take(')')
    return { type: 'CALL', name, field: subject, text, offset }
  }

  #readLiteral(): Literal {
    const at = this.#at
    const quoted = this.#readQuoted()
    if (quoted !== undefined) return { text: quoted, quoted: true }
    const text = this.#match(BARE_VALUE)
    if (text === '') throw new Fault(at, `Expected a value, found ${this.#next()}`)
    if (this.#text[this.#at] === '(') throw new Fault(at, 'Expected a value, found a function')
    return { text, quoted: false }
  }

  #readQuoted(): string | undefined {
    const at = this.#at
    const next = this.#text[at]
    if (next === "'") throw new Fault(at, 'Expected double quotes around a text, found a single one')
    if (next !== '"') return undefined
    const token = this.#match(QUOTED)
    if (token === '') throw new Fault(at, 'The text has no closing quote')
    return unescape(token.slice(1, -1))
  }

  #take(character: string): void {
    this.#match(SPACE)
    if (this.#text[this.#at] !== character) throw new Fault(this.#at, `Expected '${character}', found ${this.#next()}`)
    this.#at++
    if (character === ',') this.#match(SPACE)
  }

  #peekKeyword(): string | undefined {
    KEYWORD.lastIndex = this.#at
    return KEYWORD.exec(this.#text)?.[0]
  }

  #isAtEnd(): boolean {
    return this.#at >= this.#text.length || this.#text[this.#at] === ')'
  }

  #next(): string {
    const next = this.#text[this.#at]
    return next === undefined ? 'the end' : JSON.stringify(next)
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const token = pattern.exec(this.#text)?.[0] ?? ''
    this.#at += token.length
    return token
  }
}

const ESCAPE = /\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|([0-3][0-7]{2})|([^]))/g
const ESCAPED: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\u0007', b: '\b', f: '\f', v: '\v', '"': '"', '\\': '\\' }

/** An escape that the grammar does not have stays as it is written: `\.` in a pattern. */
function unescape(text: string): string {
  return text.replace(ESCAPE, (whole, unicode?: string, hex?: string, octal?: string, one?: string) => {
    const code = unicode ?? hex
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16))
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8))
    return ESCAPED[one ?? ''] ?? whole
  })
}

function isFunction(name: string): name is FunctionName {
  return FUNCTIONS.includes(name)
}
