import { fileURLToPath } from 'node:url'
import { plainEnvironment, startChild } from './child.ts'
import { tempFolder } from './temp-folder.ts'

const binary = fileURLToPath(new URL('../../packages/countersign/bin/countersign.mjs', import.meta.url))

/** How a command ended and what it wrote. `code` is 128 where a signal ended it. */
export interface CliResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Where and with what a command runs. */
export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string | Uint8Array
  readonly cwd?: string
}

/** Runs `countersign ARGS…` to its end, in an empty home folder unless `env` says otherwise. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const home = tempFolder()
  const child = startChild(process.execPath, [binary, ...args], {
    cwd: options.cwd ?? home,
    env: plainEnvironment({ HOME: home, ...options.env }),
    input: options.input ?? '',
  })
  const { code } = await child.ended
  return { code: code ?? 128, stdout: child.stdout(), stderr: child.stderr() }
}
