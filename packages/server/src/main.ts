import type { Issue } from '@countersign/core/parsed.ts'
import { StatusError } from '@countersign/core/status.ts'
import { readFileIfPresent } from './composition/data-folder.ts'
import { makeLog } from './composition/log.ts'
import { startServer } from './composition/server.ts'
import { parseConfig, type ServerConfig } from './config/config.ts'
import { formatSettingsHelp } from './config/help.ts'
import { layerSettings } from './config/layers.ts'
import { SERVE_SETTINGS } from './config/settings.ts'
import { formatBanner } from './doors/root-page.ts'
import { stopOnSignal } from './composition/stop-on-signal.ts'
import { VERSION } from './version.ts'

const EXIT_USAGE = 2
const EXIT_FAILED = 3

/** Runs `countersign serve`: resolves with the exit code once the server has ended. */
export async function serve(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(formatSettingsHelp(SERVE_SETTINGS))
    return 0
  }
  const layered = layerSettings({ argv, env: process.env, readFile: readFileIfPresent }, SERVE_SETTINGS)
  const config = layered.ok ? parseConfig(layered.value) : layered
  if (!config.ok) {
    for (const issue of config.issues) process.stderr.write(`countersign serve: ${formatSettingIssue(issue)}\n`)
    process.stderr.write('See countersign serve --help\n')
    return EXIT_USAGE
  }
  return await run(config.value)
}

async function run(config: ServerConfig): Promise<number> {
  const log = makeLog(config.logLevel)
  const ended = Promise.withResolvers<number>()
  const onFatal = (error: Error): void => {
    log.error('The server cannot go on', { err: error.message })
    ended.resolve(EXIT_FAILED)
  }
  try {
    const server = await startServer({ config, version: VERSION, log, onFatal })
    process.stdout.write(formatBanner(server.welcome))
    void stopOnSignal(server, config.drainMs).then(ended.resolve)
  } catch (error) {
    const known = error instanceof StatusError
    process.stderr.write(`countersign serve: ${error instanceof Error ? error.message : String(error)}\n`)
    if (!known) log.error('Cannot start', { err: error instanceof Error ? error.stack : String(error) })
    return EXIT_FAILED
  }
  return await ended.promise
}

/** A setting as people write it, not as a field of a document: `--listen: …`, `countersign.yaml: data: …`. */
function formatSettingIssue({ path, message }: Issue): string {
  return [...path, message].join(': ')
}
