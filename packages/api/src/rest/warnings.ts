/** The header in which an answer tells its caller what it should know beside the result. */
export const WARNINGS_HEADER = 'x-countersign-warning'

const MAX_WARNINGS = 10
const MAX_LENGTH = 300
const MAX_HEADER = 32_768

/** Writes warnings as one header value: a JSON array in printable ASCII, cut at what proxies let through. */
export function formatWarnings(warnings: readonly string[]): string {
  const shown = warnings.slice(0, MAX_WARNINGS).map((warning) => warning.slice(0, MAX_LENGTH))
  return JSON.stringify(shown).replace(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Reads them back; nothing where the header is absent or is no such array. */
export function parseWarnings(header: string | null | undefined): readonly string[] {
  if (header === null || header === undefined || header.length > MAX_HEADER) return []
  let value: unknown
  try {
    value = JSON.parse(header)
  } catch {
    return []
  }
  return Array.isArray(value) ? value.filter((warning) => typeof warning === 'string').slice(0, MAX_WARNINGS) : []
}
