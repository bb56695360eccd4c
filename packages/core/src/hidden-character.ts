/**
 * What must never reach a terminal, log or page as it is: controls (C0, DEL, C1), line and paragraph separators, marks
 * that turn the direction of writing, invisible characters, and halves of surrogate pairs.
 */
const HIDDEN =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Surrogate}/u
const EVERY_HIDDEN = new RegExp(HIDDEN, 'gu')

/** Tells whether a text holds a character that would be shown as something else, or not at all. */
export function hasHidden(text: string): boolean {
  return HIDDEN.test(text)
}

/** Writes hidden characters as `\u001b`, everything else unchanged. The caller bounds the length. */
export function escapeHidden(text: string): string {
  return hasHidden(text) ? text.replaceAll(EVERY_HIDDEN, escapeCharacter) : text
}

function escapeCharacter(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16)
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`
}
