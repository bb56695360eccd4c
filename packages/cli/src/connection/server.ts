import { type Terminal, UsageError } from '../terminal.ts'
import type { Server } from './api.ts'

const DEFAULT_URL = 'http://127.0.0.1:8080'
const LOCAL_TOKEN_FILE = '.countersign/admin-token'
const LOCAL_CA_FILE = '.countersign/ca.pem'
const LOOPBACK = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])$/

/** What was said on the command line of where the server is. */
export interface ServerOptions {
  readonly server?: string
  readonly tokenFile?: string
  readonly caFile?: string
}

/**
 * Finds the server and the caller's token: option, environment, else what a server on this machine made at its first start.
 * A token never stands on a command line, where every process of the machine could read it, and never crosses a network in
 * plain text.
 */
export async function findServer(terminal: Terminal, options: ServerOptions): Promise<Server> {
  const url = acceptUrl(options.server ?? terminal.env['COUNTERSIGN_SERVER'] ?? DEFAULT_URL)
  const found = await findToken(terminal, options.tokenFile)
  const caFile = options.caFile ?? nonEmpty(terminal.env['COUNTERSIGN_CA_FILE'])
  const ca = caFile === undefined ? found.ca : decode(await terminal.files.read(caFile))
  return { url, token: found.token, ...(ca === undefined ? {} : { ca }) }
}

function acceptUrl(text: string): string {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`Server "${text}" is not an address: expected one such as http://127.0.0.1:8080`)
  }
  if (url.username !== '' || url.password !== '')
    throw new UsageError('The server address holds a password: put the token into a file and name it with --token-file')
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) {
    throw new UsageError(
      `Server "${text}" would get your token in plain text: use https://`,
      'A server speaks TLS with: countersign serve --tls self',
    )
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

/** The token; where it is the one of a server in this folder, also that server's authority. */
async function findToken(terminal: Terminal, option: string | undefined): Promise<Pick<Server, 'token' | 'ca'>> {
  const file = option ?? nonEmpty(terminal.env['COUNTERSIGN_TOKEN_FILE'])
  if (file !== undefined) return { token: acceptToken(decode(await terminal.files.read(file)), `Token file "${file}"`) }
  const inline = nonEmpty(terminal.env['COUNTERSIGN_TOKEN'])
  if (inline !== undefined) return { token: acceptToken(inline, 'COUNTERSIGN_TOKEN') }
  const local = await terminal.files.find(LOCAL_TOKEN_FILE)
  if (local !== undefined) {
    const ca = await terminal.files.find(LOCAL_CA_FILE)
    return { token: acceptToken(decode(local), `Token file "${LOCAL_TOKEN_FILE}"`), ...(ca === undefined ? {} : { ca: decode(ca) }) }
  }
  throw new UsageError(
    'No API token was found',
    `Name the file that holds it with --token-file or COUNTERSIGN_TOKEN_FILE. A server prints where its first one lies when it starts: countersign serve`,
  )
}

function acceptToken(text: string, where: string): string {
  const token = text.trim()
  if (/^[\x21-\x7e]{1,4096}$/.test(token)) return token
  throw new UsageError(`${where} does not hold an API token: expected one word such as cs_…`)
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
