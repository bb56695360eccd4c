import { readArmor } from './armor.ts'

/** A clear-signed text in canonical form. */
export interface ClearSigned {
  /** The signed lines, dash-escapes undone, without the line break before the signature: it is not part of what was signed. */
  readonly lines: readonly string[]
  /** Names of the `Hash` header; empty where there is none. */
  readonly hashes: readonly string[]
  /** Binary signature packets. */
  readonly signature: Uint8Array
}

export type ReadClearSigned = { readonly ok: true; readonly value: ClearSigned } | { readonly ok: false; readonly reason: string }

const BEGIN = '-----BEGIN PGP SIGNED MESSAGE-----'
const BEGIN_SIGNATURE = '-----BEGIN PGP SIGNATURE-----'
const HASH_HEADER = /^Hash: ([A-Z0-9-]+(?:, ?[A-Z0-9-]+)*)$/

/** Whether a text is, or pretends to be, clear-signed. */
export function isClearSigned(text: string): boolean {
  return text.trimStart().startsWith(BEGIN)
}

/**
 * Reads a clear-signed text (RFC 9580 §7), in canonical form only. Whatever a reader could take for signed although it is not, or
 * another reader could see otherwise, is refused: text before or after, headers other than `Hash`, a line that begins with an
 * unescaped dash, blanks at the end of a line (signatures do not cover them), control characters, a carriage return within a line.
 */
export function readClearSigned(text: string): ReadClearSigned {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''))
  if (lines[0] !== BEGIN) return no(`something stands before ${BEGIN}`)
  const blank = lines.indexOf('')
  const hashes: string[] = []
  for (const header of lines.slice(1, blank < 0 ? lines.length : blank)) {
    const names = HASH_HEADER.exec(header)?.[1]
    if (names === undefined) return no('it has a header other than Hash')
    hashes.push(...names.split(/, ?/))
  }
  const end = lines.indexOf(BEGIN_SIGNATURE)
  if (blank < 0 || end < blank) return no(`it has no line ${BEGIN_SIGNATURE} behind its text`)
  const body = lines.slice(blank + 1, end)
  const fault = body.map(findFault).find((found) => found !== undefined)
  if (fault !== undefined) return no(fault)
  const armor = readArmor(lines.slice(end).join('\n'))
  if (!armor.ok) return no(armor.reason)
  const [block, ...more] = armor.blocks
  if (block === undefined || more.length > 0 || block.label !== 'SIGNATURE') return no('something stands behind its signature')
  return { ok: true, value: { lines: body.map(unescapeDash), hashes, signature: block.body } }
}

function findFault(line: string): string | undefined {
  if (line.startsWith('-') && !line.startsWith('- ')) return 'a line begins with a dash that is not escaped'
  if (/[ \t]$/.test(line) && line !== '- ') return 'a line ends with blanks, which the signature does not cover'
  return /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]/.test(line) ? 'a line holds a control character' : undefined
}

function unescapeDash(line: string): string {
  return line.startsWith('- ') ? line.slice(2) : line
}

function no(reason: string): ReadClearSigned {
  return { ok: false, reason }
}
