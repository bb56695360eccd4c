import { type JsonText, readJsonText } from '@countersign/core/reading/json-text.ts'
import { StatusError } from '@countersign/core/status.ts'

/** Nesting that a request's JSON may have. Kubernetes objects, the deepest that we take, stay far below it. */
const MAX_DEPTH = 64
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Parses the JSON of a request: UTF-8, strictly. Only where that fails is it read once more with texts in single quotes allowed, because
 * published IAM bodies have them and work against the original (binary-authorization.md §5.2).
 * Throws INVALID_ARGUMENT with the place of the first fault.
 */
export function parseJsonText(bytes: Uint8Array): unknown {
  let text: string
  try {
    text = UTF8.decode(bytes)
  } catch {
    throw new StatusError('INVALID_ARGUMENT', 'Invalid JSON payload received: it is not UTF-8')
  }
  const strict = readJsonText(text, { maxDepth: MAX_DEPTH, quotes: 'DOUBLE' })
  if (strict.ok) return strict.value
  const lenient: JsonText = text.includes("'") ? readJsonText(text, { maxDepth: MAX_DEPTH, quotes: 'EITHER' }) : strict
  if (lenient.ok) return lenient.value
  // Of the two readings, the one that got further says what the writer meant.
  const { line, column, message } = lenient.fault.offset > strict.fault.offset ? lenient.fault : strict.fault
  throw new StatusError('INVALID_ARGUMENT', `Invalid JSON payload received: ${line}:${column}: ${message}`)
}
