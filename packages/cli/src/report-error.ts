import { CommanderError } from 'commander'
import { StatusError } from '@countersign/core/status.ts'
import { EXIT, type ExitCode, type Terminal, UsageError } from './terminal.ts'

/** Tells an error to people and gives its exit code: the one table from errors to codes and sentences. */
export function reportError(error: unknown, terminal: Terminal): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.YES : EXIT.USAGE
  if (error instanceof UsageError) {
    terminal.say(`ERROR: ${error.message}`)
    if (error.hint !== undefined) terminal.say(error.hint)
    return EXIT.USAGE
  }
  if (error instanceof StatusError) {
    terminal.say(`ERROR: ${error.code}: ${error.message}`)
    const hint = HINTS[error.code]
    if (hint !== undefined) terminal.say(hint)
    return exitOf(error)
  }
  terminal.say(`ERROR: ${error instanceof Error ? error.message : String(error)}`)
  return EXIT.UNDECIDED
}

const HINTS: Partial<Readonly<Record<StatusError['code'], string>>> = {
  UNAUTHENTICATED: 'Name the file that holds your token with --token-file or COUNTERSIGN_TOKEN_FILE',
}

/** What the caller asked wrongly is usage; what nobody could answer is undecided; a refusal is a no. */
function exitOf(error: StatusError): ExitCode {
  switch (error.code) {
    case 'INVALID_ARGUMENT':
    case 'OUT_OF_RANGE':
      return EXIT.USAGE
    case 'NOT_FOUND':
    case 'ALREADY_EXISTS':
    case 'PERMISSION_DENIED':
    case 'UNAUTHENTICATED':
    case 'FAILED_PRECONDITION':
    case 'ABORTED':
      return EXIT.NO
    default:
      return EXIT.UNDECIDED
  }
}
