const DURATION = /^(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?$/
const UNITS_MS = [86_400_000, 3_600_000, 60_000, 1_000]
const UNIT_NAMES = ['d', 'h', 'm', 's']

/** Parses a span of whole days, hours, minutes and seconds, in this order: `7d`, `1d12h`, `90m`, `604800s`. Milliseconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const parts = DURATION.exec(text)
  if (parts === null || text === '') return undefined
  return UNITS_MS.reduce((sum, unit, index) => sum + unit * Number(parts[index + 1] ?? 0), 0)
}

/** Formats milliseconds as `parseDuration` reads them; what is below a second is cut off: `1d12h`, `0s`. */
export function formatDuration(ms: number): string {
  let rest = ms
  const parts = UNITS_MS.map((unit, index) => {
    const count = Math.floor(rest / unit)
    rest -= count * unit
    return count > 0 ? `${count}${UNIT_NAMES[index]}` : ''
  })
  return parts.join('') || '0s'
}
