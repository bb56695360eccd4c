import { compareDigits, MAX_VERSION_LENGTH, type VersionOrder } from './order.ts'

/** `[epoch:]upstream[-revision]` (Debian policy §5.6.12); the epoch is digits, the others start anywhere dpkg lets them. */
const SHAPE = /^(?:(\d{1,10}):)?([A-Za-z0-9.+~:-]*?)(?:-([A-Za-z0-9+.~]*))?$/

/** The order of Debian and Ubuntu versions, as `dpkg --compare-versions` has it (Debian policy §5.6.12). */
export const compareDebian: VersionOrder = (one, other) => {
  const [left, right] = [parse(one), parse(other)]
  if (left === undefined || right === undefined) return undefined
  return compareDigits(left.epoch, right.epoch) || comparePart(left.upstream, right.upstream) || comparePart(left.revision, right.revision)
}

function parse(version: string): { readonly epoch: string; readonly upstream: string; readonly revision: string } | undefined {
  const match = version.length > MAX_VERSION_LENGTH ? null : SHAPE.exec(version)
  if (match?.[2] === undefined || match[2] === '') return undefined
  return { epoch: match[1] ?? '0', upstream: match[2], revision: match[3] ?? '' }
}

/**
 * Turns of a run without digits, compared by the order of characters, and of a run of digits, compared as a number. It walks the two texts without taking
 * them apart: a feed is matched by millions of such comparisons.
 */
function comparePart(one: string, other: string): number {
  let [left, right] = [0, 0]
  while (left < one.length || right < other.length) {
    for (let [first, second] = [weightAt(one, left), weightAt(other, right)]; first !== 0 || second !== 0; ) {
      if (first !== second) return first - second
      first = weightAt(one, ++left)
      second = weightAt(other, ++right)
    }
    const [first, second] = [endOfDigits(one, left), endOfDigits(other, right)]
    const difference = compareDigits(one.slice(left, first), other.slice(right, second))
    if (difference !== 0) return difference
    left = first
    right = second
  }
  return 0
}

/** A tilde sorts before the end, the end and any digit before letters, letters before everything else. */
function weightAt(text: string, at: number): number {
  const code = at < text.length ? text.charCodeAt(at) : 0
  if (code === 0 || isDigit(code)) return 0
  if (code === TILDE) return -1
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) ? code : code + 256
}

function endOfDigits(text: string, from: number): number {
  let at = from
  while (at < text.length && isDigit(text.charCodeAt(at))) at++
  return at
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

const TILDE = 0x7e
