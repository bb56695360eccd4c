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

/** Turns of a run without digits, compared by the order of characters, and of a run of digits, compared as a number. */
function comparePart(one: string, other: string): number {
  const [left, right] = [runsOf(one), runsOf(other)]
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const [first, second] = [left[index], right[index]]
    const difference = compareText(first?.text ?? '', second?.text ?? '') || compareDigits(first?.digits ?? '', second?.digits ?? '')
    if (difference !== 0) return difference
  }
  return 0
}

function runsOf(part: string): readonly { readonly text: string; readonly digits: string }[] {
  return [...part.matchAll(/([^0-9]*)([0-9]*)/g)].map(([, text = '', digits = '']) => ({ text, digits }))
}

function compareText(one: string, other: string): number {
  for (let index = 0; index < Math.max(one.length, other.length); index += 1) {
    const difference = weightOf(one[index]) - weightOf(other[index])
    if (difference !== 0) return difference
  }
  return 0
}

/** A tilde sorts before the end, the end before letters, letters before everything else. */
function weightOf(character: string | undefined): number {
  if (character === undefined) return 0
  if (character === '~') return -1
  return /[A-Za-z]/.test(character) ? character.charCodeAt(0) : character.charCodeAt(0) + 256
}
