import { findWord } from './words.ts'

/** A flag of kritis signer (kritis-and-grafeas.md §1.1): with a value or without; `log` flags say where glog writes and mean nothing here. */
type Kind = 'text' | 'switch' | 'log' | 'log switch'

const FLAGS: Readonly<Record<string, Kind>> = {
  mode: 'text',
  image: 'text',
  policy: 'text',
  vulnz_timeout: 'text',
  note_name: 'text',
  attestation_project: 'text',
  overwrite: 'switch',
  kms_key_name: 'text',
  kms_digest_alg: 'text',
  pgp_private_key: 'text',
  pgp_passphrase: 'text',
  pkix_private_key: 'text',
  pkix_alg: 'text',
  stderrthreshold: 'text',
  logtostderr: 'log switch',
  alsologtostderr: 'log switch',
  v: 'log',
  vmodule: 'log',
  log_dir: 'log',
  log_backtrace_at: 'log',
}
const FLAG = /^--?([a-z]+(?:[_-][a-z]+)*)(?:=([\s\S]*))?$/
/** Go's words for a switch that is on, and off. */
const ON: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])
const OFF: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False'])

/**
 * `countersign signer` takes kritis signer's command line unchanged: one dash or two, `-name value` or `-name=value`, underscores
 * (§1.1). Its words become ours; every other word, and every other command, stays as it is.
 */
export function withKritisFlags(argv: readonly string[]): readonly string[] {
  const start = findWord(argv)
  if (start < 0 || argv[start] !== 'signer') return argv
  const words: string[] = argv.slice(0, start + 1)
  for (let index = start + 1; index < argv.length; index++) {
    const word = argv[index] ?? ''
    if (word === '--') return [...words, ...argv.slice(index)]
    const [, spelled = '', value] = FLAG.exec(word) ?? []
    const name = spelled.replaceAll('-', '_')
    const kind = Object.hasOwn(FLAGS, name) ? FLAGS[name] : undefined
    if (kind === undefined) {
      words.push(word)
      continue
    }
    const takesNext = value === undefined && (kind === 'text' || kind === 'log') && index + 1 < argv.length
    words.push(...translate(name, kind, takesNext ? argv[++index] : value))
  }
  return words
}

function translate(name: string, kind: Kind, value: string | undefined): readonly string[] {
  const option = `--${name.replaceAll('_', '-')}`
  switch (kind) {
    case 'text':
      return value === undefined ? [option] : [`${option}=${value}`]
    case 'switch':
      if (value !== undefined && OFF.has(value)) return []
      // What is neither on nor off stays, and is refused as Go refuses it.
      return value === undefined || ON.has(value) ? [option] : [`${option}=${value}`]
    case 'log switch':
      return value !== undefined && OFF.has(value) ? [] : ['--stderrthreshold=INFO']
    case 'log':
      return []
  }
}
