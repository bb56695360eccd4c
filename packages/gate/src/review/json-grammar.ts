/*
 * The grammar of JSON (RFC 8259) over bytes, four at a time where it can be. Each function begins at a place and gives the place behind what it
 * skipped, or UNSURE. Behind the text stand four zeros: a zero is no JSON anywhere, so every loop ends there and no index is out of range. The text
 * is valid UTF-8; that was looked at before.
 */

/** Where a reader is no longer sure. */
export const UNSURE = -1
/** Levels that may be open at once. */
export const MAX_ROOM = 256
/** Of one object: each new name is compared with all before it. */
const MAX_NAMES = 128
/** Hashes of the names of all objects that are open, the innermost object's last: as many as can be open at once. */
const names = new Int32Array(MAX_ROOM * MAX_NAMES + 1)
/** Kept free for what is hashed while a plan is made, which may be in the midst of reading. */
const LAST_NAME = MAX_ROOM * MAX_NAMES

export const QUOTE = 0x22
const BACKSLASH = 0x5c
const BLANK = 0x20
export const COMMA = 0x2c
const COLON = 0x3a
export const OPEN_LIST = 0x5b
export const CLOSE_LIST = 0x5d
export const OPEN_OBJECT = 0x7b
export const CLOSE_OBJECT = 0x7d

/** Skips a value that begins here; room says how many levels it may open. */
export function skipValue(text: DataView, at: number, room: number, top: number): number {
  const byte = byteAt(text, at)
  if (byte === QUOTE) return skipText(text, at + 1)
  if (byte === OPEN_OBJECT) return room === 0 ? UNSURE : skipObject(text, at + 1, room - 1, top)
  if (byte === OPEN_LIST) return room === 0 ? UNSURE : skipList(text, at + 1, room - 1, top)
  if (byte === 0x74) return skipWord(text, at, TRUE)
  if (byte === 0x66) return skipWord(text, at, FALSE)
  return byte === 0x6e ? skipWord(text, at, NULL) : skipNumber(text, at)
}

function skipObject(text: DataView, begin: number, room: number, first: number): number {
  let top = first
  let at = skipBlanks(text, begin)
  if (byteAt(text, at) === CLOSE_OBJECT) return at + 1
  for (;;) {
    at = skipName(text, at, first, top)
    if (at === UNSURE) return UNSURE
    at = skipValue(text, at, room, ++top)
    if (at === UNSURE) return UNSURE
    at = skipBlanks(text, at)
    const next = byteAt(text, at)
    if (next === CLOSE_OBJECT) return at + 1
    if (next !== COMMA) return UNSURE
    at = skipBlanks(text, at + 1)
  }
}

function skipList(text: DataView, begin: number, room: number, top: number): number {
  let at = skipBlanks(text, begin)
  if (byteAt(text, at) === CLOSE_LIST) return at + 1
  for (;;) {
    at = skipValue(text, at, room, top)
    if (at === UNSURE) return UNSURE
    at = skipBlanks(text, at)
    const next = byteAt(text, at)
    if (next === CLOSE_LIST) return at + 1
    if (next !== COMMA) return UNSURE
    at = skipBlanks(text, at + 1)
  }
}

/**
 * Skips a member's name, its colon and the blanks around it, and puts the name's hash on top of the names. Two names without an escape
 * that has another spelling are equal where their bytes are: a quote, a backslash or a control character has no spelling but
 * its short escape and `\u`.
 */
export function skipName(text: DataView, begin: number, first: number, top: number): number {
  if (byteAt(text, begin) !== QUOTE || top - first === MAX_NAMES) return UNSURE
  let hash = 0
  let at = begin + 1
  for (;;) {
    const word = text.getInt32(at, true)
    const found = findSpecial(word)
    if (found === 0) {
      hash = Math.imul(hash ^ word, MIX)
      at += 4
      continue
    }
    const before = bitsBefore(found)
    hash = Math.imul(hash ^ (word & ((1 << before) - 1)), MIX)
    hash ^= hash >>> 15
    at += before >> 3
    const byte = byteAt(text, at++)
    if (byte === QUOTE) break
    const escaped = byteAt(text, at++)
    if (byte !== BACKSLASH || escaped === 0x2f || escaped === 0x75 || !isShortEscape(escaped)) return UNSURE
    hash = Math.imul(hash ^ escaped, MIX)
  }
  for (let known = first; known < top; known++) if (names[known] === hash) return UNSURE
  names[top] = hash
  at = skipBlanks(text, at)
  return byteAt(text, at) === COLON ? skipBlanks(text, at + 1) : UNSURE
}

const MIX = 0x5bd1e995

/** The bits of a word that lie before what `findSpecial()` found in it. */
export function bitsBefore(found: number): number {
  return (31 - Math.clz32(found & -found)) & 0x18
}

/** The hash that the last `skipName()` put there. */
export function nameAt(top: number): number {
  return names[top] as number
}

/** A byte 0x80 where the first quote, backslash or control character stands in four; those behind it say nothing. */
export function findSpecial(word: number): number {
  const quote = word ^ 0x22222222
  const backslash = word ^ 0x5c5c5c5c
  return ((((quote - 0x01010101) & ~quote) | ((backslash - 0x01010101) & ~backslash) | ((word - 0x20202020) & ~word)) & 0x80808080) | 0
}

/** The hash that `skipName()` gives a name of plain ASCII. */
export function hashOf(name: string): number {
  const bytes = Buffer.concat([Buffer.from(`"${name}":`, 'latin1'), Buffer.alloc(8)])
  skipName(viewOf(bytes), 0, LAST_NAME, LAST_NAME)
  return names[LAST_NAME] as number
}

/** Whether the name that begins here is this one; the closing quote counts. */
export function hasName(text: DataView, start: number, name: Uint8Array): boolean {
  for (let index = 0; index < name.length; index++) if (byteAt(text, start + index) !== name[index]) return false
  return byteAt(text, start + name.length) === QUOTE
}

/** From inside a text to behind its closing quote. */
export function skipText(text: DataView, begin: number): number {
  let at = begin
  for (;;) {
    const found = findSpecial(text.getInt32(at, true))
    if (found === 0) {
      at += 4
      continue
    }
    at += bitsBefore(found) >> 3
    const byte = byteAt(text, at++)
    if (byte === QUOTE) return at
    if (byte !== BACKSLASH) return UNSURE
    const escaped = byteAt(text, at++)
    if (escaped === 0x75) {
      if (!isHex(text, at)) return UNSURE
      at += 4
    } else if (!isShortEscape(escaped)) return UNSURE
  }
}

const SHORT_ESCAPES = new Uint8Array(256)
for (const escaped of '"\\/bfnrt') SHORT_ESCAPES[escaped.charCodeAt(0)] = 1
const HEX_DIGITS = new Uint8Array(256)
for (const digit of '0123456789abcdefABCDEF') HEX_DIGITS[digit.charCodeAt(0)] = 1

function isShortEscape(byte: number): boolean {
  return SHORT_ESCAPES[byte] === 1
}

function isHex(text: DataView, at: number): boolean {
  for (let index = at; index < at + 4; index++) if (HEX_DIGITS[byteAt(text, index)] !== 1) return false
  return true
}

const TRUE = Buffer.from('true')
const FALSE = Buffer.from('false')
const NULL = Buffer.from('null')

function skipWord(text: DataView, at: number, word: Uint8Array): number {
  for (let index = 0; index < word.length; index++) if (byteAt(text, at + index) !== word[index]) return UNSURE
  return at + word.length
}

function skipNumber(text: DataView, begin: number): number {
  let at = byteAt(text, begin) === 0x2d ? begin + 1 : begin
  if (byteAt(text, at) === 0x30) at++
  else at = skipDigits(text, at)
  if (at !== UNSURE && byteAt(text, at) === 0x2e) at = skipDigits(text, at + 1)
  if (at === UNSURE || (byteAt(text, at) | 0x20) !== 0x65) return at
  const sign = byteAt(text, ++at)
  return skipDigits(text, sign === 0x2b || sign === 0x2d ? at + 1 : at)
}

/** At least one. */
function skipDigits(text: DataView, begin: number): number {
  let at = begin
  while (isDigit(byteAt(text, at))) at++
  return at === begin ? UNSURE : at
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

/** Skips blanks. */
export function skipBlanks(text: DataView, begin: number): number {
  let at = begin
  for (;;) {
    const byte = byteAt(text, at)
    if (byte > BLANK || (byte !== BLANK && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) return at
    at++
  }
}

/** Never out of range: no index goes beyond the zero at the end. */
export function byteAt(text: DataView, at: number): number {
  return text.getUint8(at)
}

/** The bytes as the functions of this file take them. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
