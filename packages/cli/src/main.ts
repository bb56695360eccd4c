import { Command } from 'commander'
import manifest from '../package.json' with { type: 'json' }
import { registerCommands } from './commands/register.ts'
import { processTerminal } from './process-terminal.ts'
import { reportError } from './report-error.ts'
import { withKritisFlags } from './signer-words.ts'
import { EXIT, type ExitCode, type Terminal } from './terminal.ts'
import { findWord, withoutGcloudWords } from './words.ts'

/** Commands of the completion: they need the whole tree. */
const COMPLETION = ['completion', 'complete']

/** Runs one command line (without node and script) and gives its exit code. Never throws. */
export async function runCli(argv: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
  let exit: ExitCode = EXIT.YES
  try {
    const words = withKritisFlags(withoutGcloudWords(argv))
    const at = findWord(words)
    const word = (words[at] === 'help' ? words[at + 1] : words[at]) ?? ''
    const finish = (code: ExitCode): void => {
      exit = code
    }
    const program = await buildProgram(terminal, { finish, ...(COMPLETION.includes(word) ? {} : { word }) })
    await program.parseAsync([...words], { from: 'user' })
    return exit
  } catch (error) {
    return reportError(error, terminal)
  }
}

/**
 * The command tree, loaded whole or for the one `word` that stands first; also read by completion and reference. `finish`
 * takes the exit code of what ran.
 */
export async function buildProgram(
  terminal: Terminal,
  options: { readonly finish: (code: ExitCode) => void; readonly word?: string },
): Promise<Command> {
  const program = new Command('countersign')
    .description('Only container images that trusted parties have vouched for may run.')
    .version(manifest.version, '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .configureHelp({ showGlobalOptions: true })
    .option('--server <url>', 'API of the server (COUNTERSIGN_SERVER; default http://127.0.0.1:8080)')
    .option('--token-file <file>', 'file with the API token (COUNTERSIGN_TOKEN_FILE; default: the one that a server in this folder made)')
    .option('--ca-file <file>', 'certificate authority of the server, PEM (COUNTERSIGN_CA_FILE)')
    .option('--project <id>', 'project (COUNTERSIGN_PROJECT)')
    .option('-o, --format <format>', 'table, json, yaml or value(FIELD)')
    .option('-q, --quiet', 'no questions: take the default answer')
    .showSuggestionAfterError()
    .showHelpAfterError('(add --help for more)')
    .addHelpText('after', HELP_AFTER)
    .configureOutput({ writeOut: (text) => terminal.write(text), writeErr: (text) => terminal.say(text.trimEnd()) })
    .exitOverride()
  program.command('serve').description('Run the server (all options: countersign serve --help)').allowUnknownOption().helpOption(false)
  program
    .command('gate')
    .description('Run a gate on its own, near its cluster (all options: countersign gate --help)')
    .allowUnknownOption()
    .helpOption(false)
  await registerCommands(program, { terminal, ...options })
  if (options.word === undefined) await addCompletion(program)
  else program.command('completion').description('Print the completion script of a shell: bash, zsh, fish or powershell')
  return program
}

const HELP_AFTER = `
Exit codes: 0 yes · 1 denied or violated · 2 usage · 3 could not decide, or the server could not be reached

First steps:
  $ countersign serve
  $ countersign projects create demo
  $ countersign policy export --project demo > policy.yaml`

async function addCompletion(program: Command): Promise<void> {
  const { default: tab } = await import('@bomb.sh/tab/commander')
  tab(program, { completionCommandName: 'completion' })
}
