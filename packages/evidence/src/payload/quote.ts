import { formatVisible } from '@countersign/core/admission/visible-text.ts'

const MAX_QUOTED = 120

/**
 * Quotes a hostile value for people: as JSON, cut at 120 characters, with everything escaped that could hide, or turn the reading direction, so that it can go
 * to a terminal, a log or a page.
 */
export function quoteForPeople(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  const cut = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text
  return formatVisible(typeof value === 'string' ? JSON.stringify(cut) : cut)
}
