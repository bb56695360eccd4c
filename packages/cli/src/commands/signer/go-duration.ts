const DURATION = /^[+-]?(?:0|(?:(?:[0-9]{1,12}(?:\.[0-9]{0,12})?|\.[0-9]{1,12})(?:ns|us|µs|μs|ms|s|m|h)){1,12})$/
const PART = /([0-9]{0,12}(?:\.[0-9]{0,12})?)(ns|us|µs|μs|ms|s|m|h)/g
const UNIT_MS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** Parses a duration as Go does: `600s`, `5m`, `1h30m`, `1.5h`, `0`. Milliseconds; undefined for anything else. */
export function parseGoDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined
  const ms = [...text.matchAll(PART)].reduce((sum, [, count, unit]) => sum + Number(count) * (UNIT_MS[unit ?? ''] ?? 0), 0)
  return text.startsWith('-') ? -ms : ms
}
