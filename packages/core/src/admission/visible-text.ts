import { escapeHidden } from '../hidden-character.ts'

/** Longest image text that is shown whole: longer than any valid reference. */
const MAX_SHOWN = 600

/** Writes hidden characters as `\u001b`, everything else unchanged; cuts what is longer than any valid image reference. */
export function formatVisible(text: string): string {
  return escapeHidden(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text)
}
