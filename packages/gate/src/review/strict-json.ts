import { isAscii, isUtf8 } from 'node:buffer'
import type { Parsed } from '@countersign/core/parsed.ts'

/**
 * Parses a review's bytes so that no other reader can have read something else in them: strict UTF-8, no byte order mark,
 * nesting bounded before anything is built, and no object with the same member twice.
 *
 * Twice the same member is found by counting, because a second parser would be a differential of its own: `JSON.parse`
 * decides what the text means, one pass over the bytes counts the colons outside of texts, and the members of the value
 * must be as many. `JSON.parse` keeps one of two equal members (after unescaping), so any double makes the value smaller.
 */
export function parseStrictJson(bytes: Uint8Array, maxDepth: number): Parsed<unknown> {
  if (!isUtf8(bytes)) return wrong('The body is not valid UTF-8')
  const members = countMembers(bytes, maxDepth)
  if (members < 0) return wrong(`The body is nested deeper than ${maxDepth}`)
  let value: unknown
  try {
    value = JSON.parse(textOf(bytes))
  } catch {
    return wrong('The body is not valid JSON')
  }
  return countKept(value) === members ? { ok: true, value } : wrong('The body has an object with the same member twice')
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a

/** Members of all objects of a JSON text; -1 where it is nested too deep. Of a text that is no JSON, any number. */
function countMembers(bytes: Uint8Array, maxDepth: number): number {
  const end = bytes.length
  let depth = 0
  let members = 0
  for (let at = 0; at < end; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) {
      for (at++; at < end; at++) {
        const inside = bytes[at]
        if (inside === QUOTE) break
        if (inside === BACKSLASH) at++
      }
    } else if (byte === COLON) {
      members++
    } else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > maxDepth) return -1
    } else if (byte === 0x7d || byte === 0x5d) {
      depth--
    }
  }
  return members
}

function countKept(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let members = 0
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object' && item !== null) members += countKept(item)
    return members
  }
  const object = value as Readonly<Record<string, unknown>>
  // Everything that JSON.parse makes is an own, enumerable member, `__proto__` too; for-in is the cheapest way over them.
  for (const name in object) {
    members++
    const member = object[name]
    if (typeof member === 'object' && member !== null) members += countKept(member)
  }
  return members
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(isAscii(bytes) ? 'latin1' : 'utf8')
}

function wrong(message: string): Parsed<never> {
  return { ok: false, issues: [{ path: [], message }] }
}
