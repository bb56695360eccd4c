import { compareDigits, compareText, MAX_VERSION_LENGTH, type VersionOrder } from './order.ts'

/** `[epoch:]version[-release]`, of what rpm lets in a version. */
const SHAPE = /^(?:(\d{1,10}):)?([^\s:-]+)(?:-([^\s:-]+))?$/
/** What is compared: a tilde, a caret, digits or letters. Everything else only separates. */
const SEGMENT = /[~^]|[0-9]+|[A-Za-z]+/g

/** The order of rpm versions with epoch and release (`rpmvercmp` of rpm 4.15 and later, tilde and caret included). */
export const compareRpm: VersionOrder = (one, other) => {
  const [left, right] = [parse(one), parse(other)]
  if (left === undefined || right === undefined) return undefined
  return compareDigits(left.epoch, right.epoch) || comparePart(left.version, right.version) || comparePart(left.release, right.release)
}

function parse(version: string): { readonly epoch: string; readonly version: string; readonly release: string } | undefined {
  const match = version.length > MAX_VERSION_LENGTH ? null : SHAPE.exec(version)
  return match?.[2] === undefined ? undefined : { epoch: match[1] ?? '0', version: match[2], release: match[3] ?? '' }
}

function comparePart(one: string, other: string): number {
  const [left, right] = [one.match(SEGMENT) ?? [], other.match(SEGMENT) ?? []]
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = compareSegment(left[index], right[index])
    if (difference !== 0) return difference
  }
  return 0
}

/**
 * A tilde is older than everything, the end included. A caret is newer than the end and older than everything else. A number is newer
 * than letters; what goes on is newer than what has ended.
 */
function compareSegment(one: string | undefined, other: string | undefined): number {
  if (one === other) return 0
  if (one === '~' || other === '~') return one === '~' ? -1 : 1
  if (one === undefined || other === undefined) return one === undefined ? -1 : 1
  if (one === '^' || other === '^') return one === '^' ? -1 : 1
  const [isNumber, otherIsNumber] = [/^[0-9]/.test(one), /^[0-9]/.test(other)]
  if (isNumber !== otherIsNumber) return isNumber ? 1 : -1
  return isNumber ? compareDigits(one, other) : compareText(one, other)
}
