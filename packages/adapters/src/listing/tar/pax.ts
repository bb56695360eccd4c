/** What an extended header says of the next entry, as far as it matters here. */
export interface PaxWords {
  readonly path?: string
  readonly linkpath?: string
  readonly size?: string
}

/** Reads the records `LENGTH KEY=VALUE\n` of an extended header (POSIX.1-2024, pax). The length counts the whole record; reading ends at a broken one. */
export function readPax(body: Uint8Array): PaxWords {
  const words: Record<string, string> = Object.create(null) as Record<string, string>
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  for (let at = 0; at < bytes.length; ) {
    const blank = bytes.indexOf(0x20, at)
    const length = blank === -1 ? Number.NaN : Number(bytes.toString('latin1', at, Math.min(blank, at + 10)))
    if (!Number.isInteger(length) || length <= blank - at + 1 || at + length > bytes.length) break
    const equals = bytes.indexOf(0x3d, blank)
    if (equals === -1 || equals >= at + length) break
    words[bytes.toString('utf8', blank + 1, equals)] = bytes.toString('utf8', equals + 1, at + length - 1)
    at += length
  }
  const { path, linkpath, size } = words
  return { ...(path === undefined ? {} : { path }), ...(linkpath === undefined ? {} : { linkpath }), ...(size === undefined ? {} : { size }) }
}
