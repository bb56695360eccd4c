/** The header in which an answer tells its caller what it should know beside the result. */
export const WARNINGS_HEADER = 'x-countersign-warning'

const MAX_WARNINGS = 10
const MAX_LENGTH = 300
const MAX_HEADER = 32_768

/** As many of the warnings, and as much of each, as goes into an answer: what proxies let through. */
export function cutWarnings(warnings: readonly string[]): readonly string[] {
  return warnings.slice(0, MAX_WARNINGS).map((warning) => warning.slice(0, MAX_LENGTH))
}

/** Writes warnings as one header value: a JSON array in printable ASCII. */
export function formatWarnings(warnings: readonly string[]): string {
  return JSON.stringify(cutWarnings(warnings)).replace(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
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
