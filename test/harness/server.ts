import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Child, plainEnvironment, startChild } from './child.ts'
import { tempFolder } from './temp-folder.ts'

const binary = fileURLToPath(new URL('../../packages/countersign/bin/countersign.mjs', import.meta.url))

/** What the server writes to its ready file, once all doors answer. */
export interface Doors {
  readonly apiUrl: string
  readonly webhookUrl: string
  readonly caFile: string
  readonly adminTokenFile: string
}

/** A real server in a process of its own. `stop` drains it, `kill9` does not. */
export interface StartedServer extends Doors, Child {
  readonly dataFolder: string
}

/** What a test may want to be different. */
export interface ServerOptions {
  /** A folder that an earlier server of the test has used, to start again on it. */
  readonly dataFolder?: string
  readonly env?: Readonly<Record<string, string>>
  /** Further arguments of `serve`. */
  readonly args?: readonly string[]
}

/** Starts `countersign serve` on free loopback ports and waits until it is ready. */
export async function startServer(options: ServerOptions = {}): Promise<StartedServer> {
  const home = tempFolder()
  const dataFolder = options.dataFolder ?? join(home, 'data')
  const readyFile = join(home, 'ready.json')
  const addresses = ['--listen', '127.0.0.1:0', '--webhook-listen', '127.0.0.1:0', '--data', dataFolder, '--ready-file', readyFile]
  const child = startChild(process.execPath, [binary, 'serve', ...addresses, ...(options.args ?? [])], {
    cwd: home,
    env: plainEnvironment({ HOME: home, ...options.env }),
  })
  const doors = await child.waitFor('the ready file', () => readDoors(readyFile))
  return { ...child, ...doors, dataFolder }
}

/** What the command line needs to talk to a started server as its first administrator. */
export function clientEnvironment(server: Doors): Record<string, string> {
  return { COUNTERSIGN_SERVER: server.apiUrl, COUNTERSIGN_TOKEN_FILE: server.adminTokenFile, NODE_EXTRA_CA_CERTS: server.caFile }
}

function readDoors(file: string): Doors | undefined {
  if (!existsSync(file)) return undefined
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Doors
  } catch (error) {
    // Seen half-written: the next look sees it whole.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
