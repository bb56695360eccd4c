import { damaged } from '../bounds.ts'

export const BLOCK = 512

/** What a block in front of a file says. */
export interface TarHeader {
  readonly name: string
  readonly link: string
  readonly size: number
  readonly mode: number
  /** One character: `0` file, `5` folder, `1` hard link, `2` symbolic link, `x` `g` `L` `K` words about the next entry. */
  readonly type: string
}

/** Reads one header block (POSIX.1-2024 ustar, and GNU's old format). Undefined for a block of zeros, with which an archive ends. */
export function readHeader(block: Uint8Array): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined
  if (sumOf(block) !== readNumber(block, 148, 8)) throw damaged('a layer is damaged: the checksum of a tar header is wrong')
  const prefix = textAt(block, 257, 5) === 'ustar' && block[262] === 0 ? textAt(block, 345, 155) : ''
  const name = textAt(block, 0, 100)
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    link: textAt(block, 157, 100),
    size: readNumber(block, 124, 12),
    mode: readNumber(block, 100, 8),
    type: String.fromCharCode(block[156] ?? 0).replace('\0', '0'),
  }
}

/** The sum of all bytes, those of the checksum itself counted as blanks. A loop: this runs for every file of an image. */
function sumOf(block: Uint8Array): number {
  let sum = 8 * 0x20
  for (let at = 0; at < 148; at++) sum += block[at] ?? 0
  for (let at = 156; at < block.length; at++) sum += block[at] ?? 0
  return sum
}

function textAt(block: Uint8Array, offset: number, length: number): string {
  const field = Buffer.from(block.buffer, block.byteOffset + offset, length)
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end === -1 ? length : end)
}

/** Octal digits, or where the first bit is set a number of base 256, as GNU writes large files. */
function readNumber(block: Uint8Array, offset: number, length: number): number {
  const first = block[offset] ?? 0
  if ((first & 0x80) === 0) return parseOctal(textAt(block, offset, length))
  const digits = block.subarray(offset + 1, offset + length)
  const value = digits.reduce((sum, byte) => sum * 256 + byte, first & 0x7f)
  if (!Number.isSafeInteger(value)) throw damaged('a layer is damaged: a number in a tar header is too large')
  return value
}

function parseOctal(text: string): number {
  const digits = text.trim()
  if (digits === '') return 0
  if (!/^[0-7]+$/.test(digits)) throw damaged('a layer is damaged: a number in a tar header is none')
  return Number.parseInt(digits, 8)
}
