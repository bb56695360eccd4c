const VALUED = new Set(['--server', '--token-file', '--ca-file', '--project', '-o', '--format'])

/** Where the first word of a command line stands that is no option and no option's value; -1 where there is none. */
export function findWord(argv: readonly string[]): number {
  for (let index = 0; index < argv.length; index++) {
    const text = argv[index] ?? ''
    if (text === '--') return index + 1 < argv.length ? index + 1 : -1
    if (!text.startsWith('-')) return index
    if (VALUED.has(text)) index++
  }
  return -1
}

/**
 * The original's command lines work with `gcloud` replaced: its `[alpha|beta] container [binauthz]` words say nothing here
 * (binary-authorization.md §4), nor does `policy` lose its meaning by them.
 */
export function withoutGcloudWords(argv: readonly string[]): readonly string[] {
  const start = findWord(argv)
  if (start < 0) return argv
  const [first, second] = argv.slice(start)
  const track = first === 'alpha' || first === 'beta' ? 1 : 0
  if ((track === 0 ? first : second) !== 'container') return argv
  const product = argv[start + track + 1] === 'binauthz' ? 1 : 0
  return [...argv.slice(0, start), ...argv.slice(start + track + 1 + product)]
}
