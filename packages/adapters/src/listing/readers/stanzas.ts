const BETWEEN = /\n(?:[ \t]*\r?\n)+/g

/** Gives paragraphs, apart by empty lines, one after the other: a hostile file has millions, and who reads them stops. */
export function* paragraphsOf(text: string): Generator<string> {
  let from = 0
  for (const { index, 0: gap } of text.matchAll(BETWEEN)) {
    yield text.slice(from, index)
    from = index + gap.length
  }
  yield text.slice(from)
}

/**
 * Reads one paragraph of `Key: value` lines, to the first empty line; lines that begin with a blank go on with the last one (deb-control, RFC 822). Keys are in
 * lower case. The first of several values of one key counts.
 */
export function readStanza(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (const line of text.split('\n')) {
    if (line.trim() === '') {
      if (fields.size > 0) break
      continue
    }
    const colon = line.indexOf(':')
    const key = line.slice(0, colon).toLowerCase()
    if (colon > 0 && !/^\s/.test(line) && !fields.has(key)) fields.set(key, line.slice(colon + 1).trim())
  }
  return fields
}
