import { promisify } from 'node:util'
import { inflateRaw } from 'node:zlib'
import { damaged, exceeded } from './bounds.ts'

const inflate = promisify(inflateRaw)

const END = 0x06054b50
const END_64 = 0x06064b50
const LOCATOR_64 = 0x07064b50
const CENTRAL = 0x02014b50
const LOCAL = 0x04034b50
const MAX_COMMENT = 0xffff
const MAX_DIRECTORY = 512 * 1024 * 1024
const FULL = 0xffffffff

/** Gives bytes of a file; fewer where it ends. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer>

/** A file of an archive. */
export interface ZipEntry {
  readonly name: string
  readonly method: number
  readonly packedSize: number
  readonly size: number
  readonly offset: number
}

/** Reads the list of files at the end of a zip archive (PKWARE's APPNOTE, 4.3 and 4.5.3). DATA_LOSS for what is none, RESOURCE_EXHAUSTED for one of too many files. */
export async function listZip(read: ReadAt, size: number, maxEntries: number): Promise<readonly ZipEntry[]> {
  const { offset, length } = await findDirectory(read, size)
  if (length > MAX_DIRECTORY) throw exceeded('the directory of a zip archive is larger than 512 MiB')
  if (!(offset + length <= size)) throw damaged('a zip archive is damaged')
  const directory = await read(offset, length)
  const entries: ZipEntry[] = []
  for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === CENTRAL; ) {
    const [nameLength, extraLength, commentLength] = [
      directory.readUInt16LE(at + 28),
      directory.readUInt16LE(at + 30),
      directory.readUInt16LE(at + 32),
    ]
    if (entries.length >= maxEntries) throw exceeded(`an archive holds more than ${maxEntries} files`)
    entries.push(readEntry(directory, at, { nameLength, extraLength }))
    at += 46 + nameLength + extraLength + commentLength
  }
  return entries
}

/** Reads one file of an archive, of at most `maxBytes`, whatever size it claims. */
export async function readZipEntry(read: ReadAt, entry: ZipEntry, maxBytes: number): Promise<Buffer> {
  if (entry.size > maxBytes || entry.packedSize > maxBytes)
    throw exceeded(`${JSON.stringify(entry.name.slice(0, 200))} in an archive is larger than ${maxBytes} bytes`)
  if (!Number.isSafeInteger(entry.offset)) throw damaged('a zip archive is damaged')
  const header = await read(entry.offset, 30)
  if (header.length < 30 || header.readUInt32LE(0) !== LOCAL) throw damaged('a zip archive is damaged')
  const packed = await read(entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28), entry.packedSize)
  if (packed.length < entry.packedSize) throw damaged('a zip archive ends in the middle of a file')
  if (entry.method === 0) return packed
  if (entry.method !== 8) throw damaged(`a zip archive is packed by method ${entry.method}, expected deflate`)
  try {
    return await inflate(packed, { maxOutputLength: maxBytes })
  } catch (error) {
    throw damaged('a file in a zip archive cannot be unpacked', error)
  }
}

function readEntry(directory: Buffer, at: number, lengths: { readonly nameLength: number; readonly extraLength: number }): ZipEntry {
  const name = directory.toString('utf8', at + 46, at + 46 + lengths.nameLength)
  const extra = directory.subarray(at + 46 + lengths.nameLength, at + 46 + lengths.nameLength + lengths.extraLength)
  const [packed, size, offset] = [directory.readUInt32LE(at + 20), directory.readUInt32LE(at + 24), directory.readUInt32LE(at + 42)]
  const long = readLong(extra, [size, packed, offset])
  return { name, method: directory.readUInt16LE(at + 10), size: long[0] ?? size, packedSize: long[1] ?? packed, offset: long[2] ?? offset }
}

/** Numbers that are too large for 32 bits stand in a field of their own, in this order, and only those. */
function readLong(extra: Buffer, numbers: readonly number[]): readonly (number | undefined)[] {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue
    let next = at + 4
    return numbers.map((number) => {
      if (number !== FULL || next + 8 > extra.length) return undefined
      next += 8
      return Number(extra.readBigUInt64LE(next - 8))
    })
  }
  return []
}

async function findDirectory(read: ReadAt, size: number): Promise<{ readonly offset: number; readonly length: number }> {
  const from = Math.max(0, size - MAX_COMMENT - 22)
  const tail = await read(from, size - from)
  const end = lastIndexOf(tail, END)
  if (end === -1 || end + 22 > tail.length) throw damaged('a zip archive has no end')
  const short = { offset: tail.readUInt32LE(end + 16), length: tail.readUInt32LE(end + 12) }
  const locator = end - 20
  if (locator < 0 || tail.readUInt32LE(locator) !== LOCATOR_64) return short
  const place = Number(tail.readBigUInt64LE(locator + 8))
  const long = place < size ? await read(place, 56) : Buffer.alloc(0)
  if (long.length < 56 || long.readUInt32LE(0) !== END_64) throw damaged('a zip archive is damaged')
  return { offset: Number(long.readBigUInt64LE(48)), length: Number(long.readBigUInt64LE(40)) }
}

function lastIndexOf(bytes: Buffer, signature: number): number {
  const mark = Buffer.alloc(4)
  mark.writeUInt32LE(signature)
  return bytes.lastIndexOf(mark)
}
