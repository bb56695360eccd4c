/** Reads paragraphs of `Key: value` lines, apart by empty lines; lines that begin with a blank go on with the last one (deb-control, RFC 822). Keys are in lower case. */
export function readStanzas(text: string): readonly ReadonlyMap<string, string>[] {
  return text
    .split(/\n(?:[ \t]*\r?\n)+/)
    .map(readStanza)
    .filter(({ size }) => size > 0)
}

/** Reads one paragraph, to the first empty line. The first of several values of one key counts. */
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
