/** What a package's header in rpm's database says, as far as it matters here. */
export interface RpmHeader {
  readonly name: string | undefined
  readonly version: string | undefined
  readonly release: string | undefined
  readonly epoch: number | undefined
  readonly license: string | undefined
  readonly architecture: string | undefined
  readonly sourceRpm: string | undefined
}

/** Numbers of the tags (rpm's rpmtag.h) and of the types of their values. */
const TAG = { NAME: 1000, VERSION: 1001, RELEASE: 1002, EPOCH: 1003, LICENSE: 1014, ARCH: 1022, SOURCERPM: 1044 } as const
const TYPE = { INT32: 4, STRING: 6, I18NSTRING: 9 } as const
const ENTRY = 16
const MAX_ENTRIES = 0xffff

/**
 * Reads a header blob: number of index entries and length of the data (4 bytes each, big-endian), entries of tag, type, offset and count, then the
 * data, texts ending in a zero (rpm's docs/manual/format_header). Undefined for what is none.
 */
export function readRpmHeader(bytes: Uint8Array): RpmHeader | undefined {
  const blob = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (blob.length < 8) return undefined
  const [entries, length] = [blob.readUInt32BE(0), blob.readUInt32BE(4)]
  const start = 8 + entries * ENTRY
  if (entries > MAX_ENTRIES || start + length > blob.length) return undefined
  const data = blob.subarray(start, start + length)
  const places = new Map<number, { readonly type: number; readonly offset: number }>()
  for (let at = 8; at < start; at += ENTRY) {
    places.set(blob.readUInt32BE(at), { type: blob.readUInt32BE(at + 4), offset: blob.readUInt32BE(at + 8) })
  }
  const textOf = (tag: number): string | undefined => {
    const place = places.get(tag)
    if (place === undefined || (place.type !== TYPE.STRING && place.type !== TYPE.I18NSTRING) || place.offset >= data.length) return undefined
    const end = data.indexOf(0, place.offset)
    return end === -1 ? undefined : data.toString('utf8', place.offset, end)
  }
  const epoch = places.get(TAG.EPOCH)
  return {
    name: textOf(TAG.NAME),
    version: textOf(TAG.VERSION),
    release: textOf(TAG.RELEASE),
    epoch: epoch?.type === TYPE.INT32 && epoch.offset + 4 <= data.length ? data.readUInt32BE(epoch.offset) : undefined,
    license: textOf(TAG.LICENSE),
    architecture: textOf(TAG.ARCH),
    sourceRpm: textOf(TAG.SOURCERPM),
  }
}
