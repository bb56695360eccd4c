import { compareDigits, compareText, MAX_VERSION_LENGTH, type VersionOrder } from './order.ts'

/** `digits{.digits}[letter]{_suffix[digits]}[~hash][-r digits]`, as apk-package(5) describes it. */
const SHAPE = /^[0-9]+(?:\.[0-9]+)*[a-z]?(?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*)*(?:~[0-9a-f]+)?(?:-r[0-9]+)?$/
const TOKEN = /\.?([0-9]+)|([a-z])(?![a-z])|_([a-z]+)([0-9]*)|~([0-9a-f]+)|-r([0-9]+)/y
const BEFORE_RELEASE = ['alpha', 'beta', 'pre', 'rc']
const AFTER_RELEASE = ['cvs', 'svn', 'git', 'hg', 'p']

type Kind = 'FIRST' | 'DIGITS' | 'LETTER' | 'SUFFIX' | 'HASH' | 'REVISION' | 'END'
/** Where two versions part, the one whose part comes earlier here goes on further and is the newer. */
const KINDS: readonly Kind[] = ['FIRST', 'DIGITS', 'LETTER', 'SUFFIX', 'HASH', 'REVISION', 'END']

interface Token {
  readonly kind: Kind
  readonly text: string
  /** The number behind a suffix. */
  readonly digits: string
}

const END: Token = { kind: 'END', text: '', digits: '' }

/** The order of Alpine's versions, as `apk version -t` of apk-tools 3 has it. */
export const compareAlpine: VersionOrder = (one, other) => {
  const [left, right] = [parse(one), parse(other)]
  if (left === undefined || right === undefined) return undefined
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = compareToken(left[index] ?? END, right[index] ?? END)
    if (difference !== 0) return difference
  }
  return 0
}

function parse(version: string): readonly Token[] | undefined {
  if (version.length > MAX_VERSION_LENGTH || !SHAPE.test(version)) return undefined
  return [...version.matchAll(new RegExp(TOKEN, 'gy'))].map(([, digits, letter, suffix, number, hash, revision], index) => {
    if (digits !== undefined) return { kind: index === 0 ? 'FIRST' : 'DIGITS', text: digits, digits: '' }
    if (letter !== undefined) return { kind: 'LETTER', text: letter, digits: '' }
    if (suffix !== undefined) return { kind: 'SUFFIX', text: suffix, digits: number ?? '' }
    return hash === undefined ? { kind: 'REVISION', text: revision ?? '', digits: '' } : { kind: 'HASH', text: hash, digits: '' }
  })
}

function compareToken(one: Token, other: Token): number {
  if (one.kind === other.kind) return compareAlike(one, other)
  if (isBeforeRelease(one)) return -1
  if (isBeforeRelease(other)) return 1
  return KINDS.indexOf(other.kind) - KINDS.indexOf(one.kind)
}

function compareAlike(one: Token, other: Token): number {
  switch (one.kind) {
    case 'DIGITS':
      // A leading zero makes it the digits behind a decimal point: 1.05 is older than 1.1.
      return one.text.startsWith('0') || other.text.startsWith('0') ? compareText(one.text, other.text) : compareDigits(one.text, other.text)
    case 'FIRST':
    case 'REVISION':
      return compareDigits(one.text, other.text)
    case 'SUFFIX':
      return rankOf(one.text) - rankOf(other.text) || compareDigits(one.digits, other.digits)
    case 'LETTER':
    case 'HASH':
    case 'END':
      return compareText(one.text, other.text)
  }
}

function isBeforeRelease({ kind, text }: Token): boolean {
  return kind === 'SUFFIX' && BEFORE_RELEASE.includes(text)
}

function rankOf(suffix: string): number {
  return [...BEFORE_RELEASE, ...AFTER_RELEASE].indexOf(suffix)
}
