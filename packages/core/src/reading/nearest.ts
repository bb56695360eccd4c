const MAX_WORD = 64
const MIN_PART = 4

/**
 * Finds the choice that a misspelled word most likely meant: same letters apart from case and separators, a part of it, else
 * few edits. Longer words than any choice are nothing's misspelling.
 */
export function findNearest(word: string, choices: readonly string[]): string | undefined {
  if (word.length > MAX_WORD) return undefined
  const plain = plainLetters(word)
  let nearest: string | undefined
  let least = Math.max(2, Math.floor(plain.length / 3)) + 1
  for (const choice of choices) {
    const distance = distanceOf(plain, plainLetters(choice))
    if (distance < least) [nearest, least] = [choice, distance]
  }
  return nearest
}

function distanceOf(word: string, choice: string): number {
  const isPart = word.length >= MIN_PART && choice !== word && choice.includes(word)
  return isPart ? 1 : editDistance(word, choice)
}

function plainLetters(word: string): string {
  return word.toLowerCase().replace(/[_\s-]/g, '')
}

/** Levenshtein's distance, row by row. Both words are short. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, column) => column)
  for (let line = 1; line <= left.length; line++) {
    const next = [line]
    for (let column = 1; column <= right.length; column++) {
      const replaced = (row[column - 1] ?? 0) + (left[line - 1] === right[column - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[right.length] ?? 0
}
