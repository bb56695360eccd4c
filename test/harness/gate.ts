import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Child, plainEnvironment, startChild } from './child.ts'
import { tempFolder } from './temp-folder.ts'

const binary = fileURLToPath(new URL('../../packages/countersign/bin/countersign.mjs', import.meta.url))

/** What a gate of its own is told. */
export interface GateOptions {
  readonly upstream: string
  readonly caFile: string
  readonly project: string
  readonly cluster: string
  readonly tokenFile: string
  readonly name: string
  /** A folder that an earlier gate of the test has used, to start again on its spool. */
  readonly dataFolder?: string
  readonly args?: readonly string[]
}

/** A gate on its own, in a process of its own; `ready` resolves once it has read its world. */
export interface StartedGate extends Child {
  readonly dataFolder: string
  readonly ready: Promise<{ readonly webhookUrl: string; readonly caFile: string }>
}

/** Starts `countersign gate` on a free loopback port. */
export function startGate(options: GateOptions): StartedGate {
  const home = tempFolder()
  const dataFolder = options.dataFolder ?? join(home, 'data')
  const readyFile = join(home, 'ready.json')
  const { upstream, caFile, project, cluster, tokenFile, name } = options
  const where = ['--upstream', upstream, '--ca-file', caFile, '--project', project, '--cluster', cluster, '--token-file', tokenFile, '--name', name]
  const own = ['--webhook-listen', '127.0.0.1:0', '--data', dataFolder, '--ready-file', readyFile]
  const child = startChild(process.execPath, [binary, 'gate', ...where, ...own, ...(options.args ?? [])], {
    cwd: home,
    env: plainEnvironment({ HOME: home }),
  })
  const ready = child.waitFor('the ready file', () => {
    if (!existsSync(readyFile)) return undefined
    return JSON.parse(readFileSync(readyFile, 'utf8')) as { readonly webhookUrl: string; readonly caFile: string }
  })
  // Whoever tests a gate that must not start never asks.
  ready.catch(() => undefined)
  return { ...child, dataFolder, ready }
}
