/** An entry as a test wants it; `size` lies about the body. */
export interface TarInput {
  readonly path: string
  readonly body?: string | Uint8Array
  /** The type flag; a file by default. */
  readonly kind?: string
  readonly link?: string
  readonly mode?: number
  readonly size?: number
}

/** Makes a tar archive, with GNU long names where they are needed. */
export function makeTar(entries: readonly TarInput[]): Buffer {
  const blocks = entries.flatMap((entry) => [...longName(entry.path), ...blocksOf(entry)])
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}

function longName(path: string): readonly Buffer[] {
  return Buffer.byteLength(path) < 100 ? [] : blocksOf({ path: '././@LongLink', kind: 'L', body: `${path}\0` })
}

function blocksOf({ path, body = '', kind = '0', link = '', mode = 0o644, size }: TarInput): readonly Buffer[] {
  const content = Buffer.from(body)
  const header = Buffer.alloc(512)
  header.write(Buffer.from(path).subarray(0, 100).toString('latin1'), 0, 'latin1')
  header.write(mode.toString(8).padStart(7, '0'), 100)
  header.write((size ?? content.length).toString(8).padStart(11, '0'), 124)
  header.write(' '.repeat(8), 148)
  header.write(kind, 156)
  header.write(link, 157)
  header.write('ustar\x0000', 257, 'latin1')
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  )
  return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]
}
