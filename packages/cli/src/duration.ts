import { UsageError } from './terminal.ts'

const MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** The RFC 3339 moment that lies a duration (`30m`, `24h`, `7d`, `2w`) after `now`. */
export function expiryFrom(duration: string, now: number): string {
  return new Date(now + msOf(duration)).toISOString()
}

/** The RFC 3339 moment that lies a duration before `now`; that of 1970 where it would lie before. */
export function startBefore(duration: string, now: number): string {
  return new Date(Math.max(0, now - msOf(duration))).toISOString()
}

function msOf(duration: string): number {
  const match = /^([1-9][0-9]{0,5})([smhdw])$/.exec(duration)
  const unit = MS[match?.[2] ?? '']
  if (match === null || unit === undefined)
    throw new UsageError(`Duration "${duration}" is not valid: expected a number and s, m, h, d or w, such as 24h`)
  return Number(match[1]) * unit
}
