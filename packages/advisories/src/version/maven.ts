import { compareDigits, compareText, MAX_VERSION_LENGTH, type VersionOrder } from './order.ts'

/*
 * Maven's ComparableVersion (maven.apache.org/pom.html#version-order-specification). A version is a list: a dot and a hyphen divide it, a
 * change between digits and letters divides like a hyphen, and what stands behind a hyphen is a list inside the list. Trailing zeros,
 * "final", "ga", "release" and empty lists mean nothing and fall away.
 */
type Item = { readonly number: string } | { readonly qualifier: string } | { readonly list: Item[] }

const QUALIFIERS = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp']
const ALIASES = new Map([
  ['ga', ''],
  ['final', ''],
  ['release', ''],
  ['cr', 'rc'],
])
const SHORT_ALIASES = new Map([
  ['a', 'alpha'],
  ['b', 'beta'],
  ['m', 'milestone'],
])

/** The order of Maven's versions. Every text is one. */
export const compareMaven: VersionOrder = (one, other) => {
  if (one.length > MAX_VERSION_LENGTH || other.length > MAX_VERSION_LENGTH || one === '' || other === '') return undefined
  return compareItems(parse(one), parse(other))
}

function parse(version: string): Item {
  const whole: Item[] = []
  const lists = [whole]
  let list = whole
  const parts = partsOf(version.toLowerCase())
  for (const [index, { text, before, followedByDigit }] of parts.entries()) {
    // `1.0.X1` and `1.0.X` are read as `1.0-X1` and `1.0-X`.
    const ends = followedByDigit || index === parts.length - 1
    if (before === '-' || (ends && list.length > 0 && /^[^0-9]/.test(text))) {
      const inner: Item[] = []
      list.push({ list: inner })
      lists.push(inner)
      list = inner
    }
    list.push(/^[0-9]/.test(text) || text === '' ? { number: text } : { qualifier: qualifierOf(text, followedByDigit) })
  }
  for (const inner of lists.reverse()) normalise(inner)
  return { list: whole }
}

interface Part {
  readonly text: string
  readonly before: '' | '.' | '-'
  readonly followedByDigit: boolean
}

/** Cuts at dots, hyphens and between digits and letters; nothing between two marks is a zero, nothing at the end is nothing. */
function partsOf(version: string): readonly Part[] {
  const cut = version.replace(/([0-9])(?=[^0-9.-])/g, '$1\0').replace(/([^0-9.\0-])(?=[0-9])/g, '$1\u0001')
  const pieces = [...`\u0002${cut}`.matchAll(/([.\-\0\u0001\u0002])([^.\-\0\u0001\u0002]*)/g)]
  const parts = pieces.map(([, mark = '', text = ''], index): Part => {
    const next = pieces[index + 1]?.[1]
    return { text, before: mark === '.' ? '.' : mark === '\u0002' ? '' : '-', followedByDigit: next === '\u0001' }
  })
  return parts.at(-1)?.text === '' ? parts.slice(0, -1) : parts
}

function qualifierOf(text: string, followedByDigit: boolean): string {
  const short = followedByDigit ? SHORT_ALIASES.get(text) : undefined
  return short ?? ALIASES.get(text) ?? text
}

function normalise(list: Item[]): void {
  for (let index = list.length - 1; index >= 0; index -= 1) {
    const item = list[index]
    if (item === undefined) continue
    if (isNothing(item)) list.splice(index, 1)
    else if (!('list' in item)) return
  }
}

function isNothing(item: Item): boolean {
  if ('number' in item) return /^0*$/.test(item.number)
  return 'list' in item ? item.list.length === 0 : item.qualifier === ''
}

function compareItems(one: Item, other: Item): number {
  if ('number' in one && 'number' in other) return compareDigits(one.number, other.number)
  if ('qualifier' in one && 'qualifier' in other) return compareQualifiers(one.qualifier, other.qualifier)
  if ('list' in one && 'list' in other) return compareLists(one.list, other.list)
  return kindRank(one) - kindRank(other)
}

/** A qualifier is older than a list, a list older than a number. */
function kindRank(item: Item): number {
  if ('qualifier' in item) return 0
  return 'list' in item ? 1 : 2
}

function compareLists(one: readonly Item[], other: readonly Item[]): number {
  for (let index = 0; index < Math.max(one.length, other.length); index += 1) {
    const [left, right] = [one[index], other[index]]
    const difference = left === undefined ? -compareToNothing(right) : right === undefined ? compareToNothing(left) : compareItems(left, right)
    if (difference !== 0) return difference
  }
  return 0
}

function compareToNothing(item: Item | undefined): number {
  if (item === undefined) return 0
  if ('number' in item) return isNothing(item) ? 0 : 1
  if ('qualifier' in item) return compareQualifiers(item.qualifier, '')
  return item.list.map(compareToNothing).find((difference) => difference !== 0) ?? 0
}

/** Known ones by their rank, unknown ones behind all of them by their letters. */
function compareQualifiers(one: string, other: string): number {
  const [left, right] = [QUALIFIERS.indexOf(one), QUALIFIERS.indexOf(other)]
  if (left >= 0 && right >= 0) return left - right
  if (left >= 0 || right >= 0) return left >= 0 ? -1 : 1
  return compareText(one, other)
}
