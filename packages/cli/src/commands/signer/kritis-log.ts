import { type Terminal, UsageError } from '../../terminal.ts'

const LEVELS = ['INFO', 'WARNING', 'ERROR', 'FATAL'] as const
export type KritisLevel = (typeof LEVELS)[number]

/** Writes one line as glog does. */
export type KritisLog = (level: KritisLevel, text: string) => void

/**
 * The original's log on the standard error stream: `E0131 12:00:00.000000       1 signer:1] text`. As there, lines below ERROR are shown only where
 * `-stderrthreshold`, `-logtostderr` or `-alsologtostderr` asks for them (kritis-and-grafeas.md §1.2). Log files are not written.
 */
export function makeKritisLog(terminal: Terminal, threshold: string | undefined): KritisLog {
  const least = readThreshold(threshold ?? 'ERROR')
  return (level, text) => {
    if (LEVELS.indexOf(level) < least) return
    const now = new Date(terminal.now()).toISOString()
    terminal.say(`${level[0]}${now.slice(5, 7)}${now.slice(8, 10)} ${now.slice(11, 23)}000       1 signer:1] ${text}`)
  }
}

/** By name or number, as glog. */
function readThreshold(text: string): number {
  const index = /^[0-3]$/.test(text) ? Number(text) : LEVELS.findIndex((level) => level === text)
  if (index >= 0) return index
  throw new UsageError(`Option --stderrthreshold is "${text}", expected ${LEVELS.join(', ')}`)
}
