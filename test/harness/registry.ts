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

/** What a registry asks of its clients; plain text and nothing unless told otherwise. */
export interface RegistrySettings {
  /** PEM. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** `USER:BCRYPT` */
  readonly htpasswd?: string
  /** A token service, and the certificate whose key signs its tokens. */
  readonly token?: { readonly realm: string; readonly service: string; readonly issuer: string; readonly cert: string }
}

/** Starts a registry with deletion. Needs the part `docker-registry`. */
export async function startRegistry(settings: RegistrySettings = {}): Promise<StartedRegistry> {
  const folder = tempFolder()
  const config = join(folder, 'config.yml')
  const { tls, htpasswd, token } = settings
  const files = { 'tls.crt': tls?.cert, 'tls.key': tls?.key, htpasswd, 'token.crt': token?.cert }
  for (const [name, text] of Object.entries(files)) if (text !== undefined) writeFileSync(join(folder, name), text, { mode: 0o600 })
  writeFileSync(config, registryConfig(folder, settings))
  const part = getPart('docker-registry')
  const child = startChild(part.path, ['serve', config], { env: plainEnvironment({ ...part.env, OTEL_TRACES_EXPORTER: 'none' }) })
  const host = await child.waitFor('the line "listening on"', () => listeningOn(child.stderr() + child.stdout()))
  return { ...child, host, url: `${tls === undefined ? 'http' : 'https'}://${host}` }
}

// Port 0 is "any": the registry tells in its log which one it took, so that no other program can take it in between.
function registryConfig(folder: string, { tls, htpasswd, token }: RegistrySettings): string {
  const file = (name: string): string => JSON.stringify(join(folder, name))
  const secure = tls === undefined ? '' : `, tls: {certificate: ${file('tls.crt')}, key: ${file('tls.key')}}`
  const basic = htpasswd === undefined ? '' : `auth: {htpasswd: {realm: test, path: ${file('htpasswd')}}}\n`
  const { cert: _, ...named } = token ?? {}
  const bearer = token === undefined ? '' : `auth: {token: ${JSON.stringify({ ...named, rootcertbundle: join(folder, 'token.crt') })}}\n`
  return `version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: ${file('data')}}, delete: {enabled: true}}
http: {addr: "127.0.0.1:0", secret: test${secure}}
${basic}${bearer}`
}

function listeningOn(log: string): string | undefined {
  return /listening on (127\.0\.0\.1:\d+)/.exec(log)?.[1]
}
