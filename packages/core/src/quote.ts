import { escapeHidden } from './hidden-character.ts'

const MAX_SHOWN = 200

/**
 * Quotes text of unknown origin for a message: in double quotes, cut at 200 characters, with everything escaped that could hide, or turn the
 * direction of writing, so that it may go to a terminal, a log or a page.
 */
export function quote(text: string): string {
  return escapeHidden(JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text))
}
