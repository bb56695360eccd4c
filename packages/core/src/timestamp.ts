import type { Instant, Timestamp } from './instant.ts'

const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/
const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
const DAY_MS = 86_400_000
const DAYS_BEFORE_1970 = daysBeforeYear(1970)

/**
 * Parses an RFC 3339 moment; digits below a millisecond are cut off. Undefined for anything else: a day that the month does
 * not have and a leap second included. Counted by hand, because `core` has no `Date`.
 */
export function parseTimestamp(text: string): Instant | undefined {
  const parts = RFC3339.exec(text)
  if (parts === null) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1, 7).map(Number)
  const [offsetHour, offsetMinute] = [Number(parts[9] ?? 0), Number(parts[10] ?? 0)]
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
  if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) return undefined
  const days = daysBeforeYear(year) - DAYS_BEFORE_1970 + daysBeforeMonth(year, month) + day - 1
  const offset = (parts[8] === '-' ? -1 : 1) * (offsetHour * 60 + offsetMinute)
  return ((days * 24 * 60 + hour * 60 + minute - offset) * 60 + second) * 1000 + Number((parts[7] ?? '').padEnd(3, '0').slice(0, 3))
}

/** Writes a moment as it is stored, its digits below the millisecond all zero: comparable with every stored one. For years 0000 to 9999. */
export function formatTimestamp(moment: Instant): Timestamp {
  const ms = ((moment % DAY_MS) + DAY_MS) % DAY_MS
  const [hour, minute, second] = [ms / 3_600_000, (ms / 60_000) % 60, (ms / 1000) % 60].map((count) => twoDigits(Math.floor(count)))
  return `${formatDay(moment)}T${hour}:${minute}:${second}.${String(ms % 1000).padStart(3, '0')}000Z`
}

/** The day of a moment in UTC, as people read it: `2026-01-31`. A moment outside the years 0000 to 9999 has none: `an unknown day`. */
export function formatDay(moment: Instant): string {
  const days = Math.floor(moment / DAY_MS) + DAYS_BEFORE_1970
  if (!(days >= daysBeforeYear(0) && days < daysBeforeYear(10_000))) return 'an unknown day'
  const guess = Math.floor(days / 365.2425)
  const year = days < daysBeforeYear(guess) ? guess - 1 : days >= daysBeforeYear(guess + 1) ? guess + 1 : guess
  const dayOfYear = days - daysBeforeYear(year)
  const month = DAYS_BEFORE_MONTH.findLastIndex((_, index) => daysBeforeMonth(year, index + 1) <= dayOfYear) + 1
  const day = dayOfYear - daysBeforeMonth(year, month) + 1
  return `${String(year).padStart(4, '0')}-${twoDigits(month)}-${twoDigits(day)}`
}

function twoDigits(count: number): string {
  return String(count).padStart(2, '0')
}

/** Days of the Gregorian calendar to the beginning of a year, counted so that year 1 begins at 365 (year 0, a leap year, at -1). */
function daysBeforeYear(year: number): number {
  const before = year - 1
  return year * 365 + Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400)
}

function daysBeforeMonth(year: number, month: number): number {
  return (DAYS_BEFORE_MONTH[month - 1] ?? 0) + (month > 2 && isLeapYear(year) ? 1 : 0)
}

function daysInMonth(year: number, month: number): number {
  return month === 12 ? 31 : daysBeforeMonth(year, month + 1) - daysBeforeMonth(year, month)
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}
