const MAX_QUOTED = 120

/**
 * Quotes a hostile value for people: as JSON, cut at 120 characters, with control characters, and everything that could turn
 * the reading direction or hide in a line, escaped, so that it can go to a terminal, a log or a page.
 */
export function quoteForPeople(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  const cut = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text
  const quoted = typeof value === 'string' ? JSON.stringify(cut) : cut
  return quoted.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
}
