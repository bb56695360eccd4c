/** One armored block: the words behind BEGIN, and the bytes inside. */
export interface ArmorBlock {
  readonly label: string
  readonly body: Uint8Array
}

export type ArmorBlocks = { readonly ok: true; readonly blocks: readonly ArmorBlock[] } | { readonly ok: false; readonly reason: string }

const BEGIN = /^-----BEGIN PGP ([A-Z ]+)-----$/
const HEADER = /^[A-Za-z][A-Za-z0-9-]*:( .*)?$/
const CHECKSUM = /^=[A-Za-z0-9+/]{4}$/
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

/**
 * Reads all ASCII-armored blocks of a text (RFC 9580 §6.2), with LF or CRLF. Nothing but blank lines may stand around them. The CRC-24,
 * where there is one, is not judged: it protects against accidents only, and the RFC no longer lets readers insist on it.
 */
export function readArmor(text: string): ArmorBlocks {
  const lines = text.split('\n').map((line) => line.trimEnd())
  const blocks: ArmorBlock[] = []
  for (let at = 0; at < lines.length; ) {
    if (lines[at] === '') {
      at++
      continue
    }
    const block = readBlock(lines, at)
    if (typeof block === 'string') return { ok: false, reason: block }
    blocks.push(block.block)
    at = block.next
  }
  return blocks.length === 0 ? { ok: false, reason: 'found no armored block' } : { ok: true, blocks }
}

/** Decodes the base64 lines of an armor body, a checksum line at their end ignored. Undefined where they are not base64. */
export function readArmorBody(lines: readonly string[]): Uint8Array | undefined {
  const data = CHECKSUM.test(lines.at(-1) ?? '') ? lines.slice(0, -1) : lines
  const base64 = data.join('')
  return BASE64.test(base64) ? Buffer.from(base64, 'base64') : undefined
}

function readBlock(lines: readonly string[], start: number): { readonly block: ArmorBlock; readonly next: number } | string {
  const label = BEGIN.exec(lines[start] ?? '')?.[1]
  if (label === undefined) return 'found text outside an armored block, expected -----BEGIN PGP …-----'
  const end = lines.indexOf(`-----END PGP ${label}-----`, start)
  if (end < 0) return `the block has no line -----END PGP ${label}-----`
  let bodyStart = start + 1
  while (HEADER.test(lines[bodyStart] ?? '')) bodyStart++
  if (lines[bodyStart] !== '') return 'the block has no blank line before its data'
  const body = readArmorBody(lines.slice(bodyStart + 1, end).filter((line) => line !== ''))
  return body === undefined ? 'the block is not base64' : { block: { label, body }, next: end + 1 }
}
