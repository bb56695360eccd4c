import { type JsonText, readJsonText } from '@countersign/core/reading/json-text.ts'

const MAX_DEPTH = 32
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Parses JSON that somebody signed: strict UTF-8 without a byte order mark, nested 32 deep at most. The caller bounds the size. */
export function parseStrictJson(bytes: Uint8Array): JsonText {
  let text: string
  try {
    text = UTF8.decode(bytes)
  } catch {
    return { ok: false, fault: { offset: 0, line: 1, column: 1, message: 'the bytes are not UTF-8' } }
  }
  return readJsonText(text, { maxDepth: MAX_DEPTH, quotes: 'DOUBLE' })
}
