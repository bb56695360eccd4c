import type { Filter } from '@countersign/api/filter/filter.ts'
import { parseTimestamp } from '@countersign/core/timestamp.ts'
import type { AuditQuery } from './ports.ts'

const DAY = /^\d{4}-\d{2}-\d{2}$/
const LATEST = Date.UTC(9999, 11, 31)

/**
 * The part of a log that a filter can find anything in, so that the store reads nothing else. It may be a millisecond too wide at either end, never too
 * narrow: the filter itself judges every row.
 */
export function findTimeBounds(filter: Pick<Filter, 'demandedBounds'>): Pick<AuditQuery, 'from' | 'until'> {
  let from: number | undefined
  let until: number | undefined
  for (const { operator, text } of filter.demandedBounds('timestamp')) {
    const moment = parseTimestamp(DAY.test(text) ? `${text}T00:00:00Z` : text)
    if (moment === undefined || moment < 0 || moment >= LATEST) continue
    if (operator !== 'LT' && operator !== 'LE') from = Math.max(from ?? moment, moment)
    if (operator !== 'GT' && operator !== 'GE') until = Math.min(until ?? moment + 1, moment + 1)
  }
  return { ...(from === undefined ? {} : { from: formatBound(from) }), ...(until === undefined ? {} : { until: formatBound(until) }) }
}

/** Comparable with every stored time, whatever digits it has below the millisecond: those of a bound are all zero. */
function formatBound(moment: number): string {
  return new Date(moment).toISOString().replace('Z', '000Z')
}
