import type { Part } from './pattern-program.ts'
import { compilePattern, runPattern } from './pattern-program.ts'

const MAX_LENGTH = 1000
const MAX_REPEAT = 1000
const MAX_DEPTH = 50
const REPEAT = /\*|\+|\?|\{(\d{1,4})(?:(,)(\d{1,4})?)?\}/y

/** A regular expression that runs in linear time. */
export type Pattern = (text: string) => boolean

type Test = (code: number) => boolean

/**
 * Compiles a regular expression in the common part of RE2's syntax: characters, `.`, classes, `\d \w \s` and their opposites, groups,
 * `|`, `* + ? {n,m}`, `^`, `$`, and `(?i)` at the beginning. Gives a sentence instead where it is malformed, too large, or uses what
 * cannot run in linear time.
 */
export function compileRegex(source: string): Pattern | string {
  if (source.length > MAX_LENGTH) return `the regular expression has ${source.length} characters, expected at most ${MAX_LENGTH}`
  try {
    const steps = compilePattern(new Reader(source).readPattern())
    return steps === undefined ? 'the regular expression is too large' : (text) => runPattern(steps, text)
  } catch (error) {
    if (error instanceof Fault) return error.message
    throw error
  }
}

class Fault extends Error {}

class Reader {
  readonly #source: string
  readonly #ignoresCase: boolean
  #at = 0

  constructor(source: string) {
    this.#ignoresCase = source.startsWith('(?i)')
    this.#source = this.#ignoresCase ? source.slice(4) : source
  }

  readPattern(): Part {
    const part = this.#readChoice(0)
    if (this.#at < this.#source.length) throw new Fault("the regular expression has a ')' too many")
    return part
  }

  #readChoice(depth: number): Part {
    if (depth > MAX_DEPTH) throw new Fault(`the regular expression is nested deeper than ${MAX_DEPTH}`)
    const parts = [this.#readSequence(depth)]
    while (this.#take('|')) parts.push(this.#readSequence(depth))
    return { type: 'CHOICE', parts }
  }

  #readSequence(depth: number): Part {
    const parts: Part[] = []
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek()) parts.push(this.#readRepeat(depth))
    return { type: 'SEQUENCE', parts }
  }

  #readRepeat(depth: number): Part {
    const part = this.#readAtom(depth)
    REPEAT.lastIndex = this.#at
    const found = REPEAT.exec(this.#source)
    if (found === null) return part
    if (part.type === 'START' || part.type === 'END') throw new Fault('the regular expression repeats an anchor')
    this.#at = REPEAT.lastIndex
    // A lazy mark changes what is captured, not whether it matches.
    this.#take('?')
    return { type: 'REPEAT', part, ...boundsOf(found) }
  }

  #readAtom(depth: number): Part {
    const next = this.#nextCharacter()
    if (next === '(') return this.#readGroup(depth)
    if (next === '[') return { type: 'CHAR', test: this.#fold(this.#readClass()) }
    if (next === '^') return { type: 'START' }
    if (next === '$') return { type: 'END' }
    if (next === '.') return { type: 'CHAR', test: (code) => code !== 10 }
    if (next === '\\') return { type: 'CHAR', test: this.#fold(this.#readEscape()) }
    if (next === '*' || next === '+' || next === '?') throw new Fault('the regular expression repeats nothing')
    return { type: 'CHAR', test: this.#fold(isCode(next)) }
  }

  #readGroup(depth: number): Part {
    if (this.#take('?') && !this.#take(':')) throw new Fault('the regular expression has a group other than (…) and (?:…)')
    const part = this.#readChoice(depth + 1)
    if (!this.#take(')')) throw new Fault("the regular expression lacks a ')'")
    return part
  }

  #readEscape(): Test {
    const letter = this.#nextCharacter()
    const known = CLASSES[letter.toLowerCase()]
    if (known !== undefined) return letter === letter.toLowerCase() ? known : (code) => !known(code)
    const control = CONTROLS[letter]
    if (control !== undefined) return isCode(control)
    if (/[A-Za-z0-9]/.test(letter)) throw new Fault(`the regular expression has "\\${letter}", which is not supported`)
    return isCode(letter)
  }

  #readClass(): Test {
    const isNegated = this.#take('^')
    const tests: Test[] = []
    do tests.push(this.#readRange())
    while (this.#peek() !== ']' && this.#peek() !== undefined)
    if (!this.#take(']')) throw new Fault("the regular expression lacks a ']'")
    return (code) => tests.some((test) => test(code)) !== isNegated
  }

  #readRange(): Test {
    const first = this.#nextCharacter()
    if (first === '\\') return this.#readEscape()
    if (this.#peek() !== '-' || this.#source[this.#at + 1] === ']') return isCode(first)
    this.#take('-')
    const last = this.#nextCharacter()
    const [low, high] = [codeOf(first), codeOf(last)]
    if (last === '\\' || low > high) throw new Fault('the regular expression has a malformed range')
    return (code) => code >= low && code <= high
  }

  #fold(test: Test): Test {
    if (!this.#ignoresCase) return test
    return (code) => {
      const character = String.fromCodePoint(code)
      return test(code) || test(codeOf(character.toLowerCase())) || test(codeOf(character.toUpperCase()))
    }
  }

  #nextCharacter(): string {
    const code = this.#source.codePointAt(this.#at)
    if (code === undefined) throw new Fault('the regular expression ends too early')
    const character = String.fromCodePoint(code)
    this.#at += character.length
    return character
  }

  #peek(): string | undefined {
    return this.#source[this.#at]
  }

  #take(character: string): boolean {
    if (this.#source[this.#at] !== character) return false
    this.#at++
    return true
  }
}

const CLASSES: Readonly<Record<string, Test>> = {
  d: (code) => code >= 48 && code <= 57,
  w: (code) => (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95,
  s: (code) => code === 32 || (code >= 9 && code <= 13),
}
const CONTROLS: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v' }

function boundsOf([symbol, least, comma, most]: RegExpExecArray): { min: number; max: number } {
  if (symbol === '*') return { min: 0, max: Number.POSITIVE_INFINITY }
  if (symbol === '+') return { min: 1, max: Number.POSITIVE_INFINITY }
  if (symbol === '?') return { min: 0, max: 1 }
  const min = Number(least)
  const max = comma === undefined ? min : most === undefined ? Number.POSITIVE_INFINITY : Number(most)
  if (min > MAX_REPEAT || (max > MAX_REPEAT && max !== Number.POSITIVE_INFINITY) || max < min)
    throw new Fault('the regular expression has malformed bounds')
  return { min, max }
}

function isCode(character: string): Test {
  const wanted = codeOf(character)
  return (code) => code === wanted
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0
}
