import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Child, plainEnvironment, startChild } from './child.ts'
import { getPart } from './parts.ts'
import { tempFolder } from './temp-folder.ts'

/** A real registry (distribution, Debian's docker-registry) on a free loopback port, empty at first. */
export interface StartedRegistry extends Child {
  /** `127.0.0.1:PORT`, as image references begin. */
  readonly host: string
  readonly url: string
}

/** Starts a registry without authentication and with deletion. Needs the part `docker-registry`. */
export async function startRegistry(): Promise<StartedRegistry> {
  const folder = tempFolder()
  const config = join(folder, 'config.yml')
  writeFileSync(config, registryConfig(join(folder, 'data')))
  const part = getPart('docker-registry')
  const child = startChild(part.path, ['serve', config], { env: plainEnvironment({ ...part.env, OTEL_TRACES_EXPORTER: 'none' }) })
  const host = await child.waitFor('the line "listening on"', () => listeningOn(child.stderr() + child.stdout()))
  return { ...child, host, url: `http://${host}` }
}

// Port 0 is "any": the registry tells in its log which one it took, so that no other program can take it in between.
function registryConfig(data: string): string {
  return `version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: ${JSON.stringify(data)}}, delete: {enabled: true}}
http: {addr: "127.0.0.1:0"}
`
}

function listeningOn(log: string): string | undefined {
  return /listening on (127\.0\.0\.1:\d+)/.exec(log)?.[1]
}
