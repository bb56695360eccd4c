const TIMEOUT = /[?&]timeout=(?:(\d{1,3})m)?(?:(\d{1,6}(?:\.\d{1,9})?)s)?(?:(\d{1,6})ms)?(?:&|$)/

/** The API server's own deadline, in milliseconds, as its address says it: `?timeout=10s`, `?timeout=1m30s`; undefined where it says none that makes sense. */
export function parseTimeout(url: string): number | undefined {
  const found = TIMEOUT.exec(url)
  if (found === null) return undefined
  const [, minutes = '0', seconds = '0', milliseconds = '0'] = found
  const total = Number(minutes) * 60_000 + Number(seconds) * 1_000 + Number(milliseconds)
  return total > 0 ? total : undefined
}
