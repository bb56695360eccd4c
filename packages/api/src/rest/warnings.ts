/** The header in which an answer tells its caller what it should know beside the result. */
export const WARNINGS_HEADER = 'x-countersign-warning'

const MAX_WARNINGS = 20
const MAX_LENGTH = 1000

/** Writes warnings as one header value: each percent-encoded, so that neither commas nor line feeds nor letters beyond ASCII can break the header. */
export function formatWarnings(warnings: readonly string[]): string {
  return warnings
    .slice(0, MAX_WARNINGS)
    .map((warning) => encodeURIComponent(warning.toWellFormed().slice(0, MAX_LENGTH).toWellFormed()))
    .join(', ')
}

/** Reads them back; what is not percent-encoded text is left out. */
export function parseWarnings(header: string | null | undefined): readonly string[] {
  const parts = (header ?? '').split(',').slice(0, MAX_WARNINGS)
  return parts.map((part) => decode(part.trim())).filter((warning) => warning !== '')
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
