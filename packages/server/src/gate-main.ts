import type { Issue } from '@countersign/core/parsed.ts'
import { StatusError } from '@countersign/core/status.ts'
import { readFileIfPresent } from './composition/data-folder.ts'
import { startGateProcess } from './composition/gate-process.ts'
import { makeLog } from './composition/log.ts'
import { type GateConfig, parseGateConfig } from './config/gate-config.ts'
import { GATE_SETTINGS } from './config/gate-settings.ts'
import { formatSettingsHelp } from './config/help.ts'
import { layerSettings } from './config/layers.ts'
import { stopOnSignal } from './composition/stop-on-signal.ts'
import { VERSION } from './version.ts'

const EXIT_USAGE = 2
const EXIT_FAILED = 3

/** Runs `countersign gate`: resolves with the exit code once the gate has ended. */
export async function runGate(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(formatSettingsHelp(GATE_SETTINGS))
    return 0
  }
  const layered = layerSettings({ argv, env: process.env, readFile: readFileIfPresent }, GATE_SETTINGS)
  const config = layered.ok ? parseGateConfig(layered.value) : layered
  if (config.ok) return await run(config.value)
  for (const issue of config.issues) process.stderr.write(`countersign gate: ${formatIssue(issue)}\n`)
  process.stderr.write('See countersign gate --help\n')
  return EXIT_USAGE
}

async function run(config: GateConfig): Promise<number> {
  const log = makeLog(config.logLevel)
  try {
    const gate = await startGateProcess({ config, version: VERSION, log })
    process.stdout.write(`Countersign ${VERSION}: a gate of ${config.cluster} (${config.project}) listens on ${gate.webhookUrl}\n`)
    return await stopOnSignal(gate, config.drainMs)
  } catch (error) {
    process.stderr.write(`countersign gate: ${error instanceof Error ? error.message : String(error)}\n`)
    if (!(error instanceof StatusError)) log.error('Cannot start', { err: error instanceof Error ? error.stack : String(error) })
    return EXIT_FAILED
  }
}

function formatIssue({ path, message }: Issue): string {
  return [...path, message].join(': ')
}
