import { isJsonObject } from '@countersign/core/json-object.ts'
import { StatusError } from '@countersign/core/status.ts'

/** What a registry is shown. An identity token is an OAuth 2 refresh token: it goes to the token service only. */
export type Credentials =
  | { readonly kind: 'PASSWORD'; readonly username: string; readonly password: string }
  | { readonly kind: 'IDENTITY_TOKEN'; readonly token: string }

/** Finds what a registry host is to be shown; undefined: ask as nobody. */
export type CredentialSource = (host: string) => Promise<Credentials | undefined>

/** Asks a credential helper (`docker-credential-NAME get`) for a server address; undefined where it knows none. */
export type CredentialHelper = (name: string, server: string) => Promise<Credentials | undefined>

const DOCKER_HUB_SERVER = 'https://index.docker.io/v1/'
const HELPER_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/

/**
 * Credentials as docker keeps them: `credHelpers` for the host, else `credsStore`, else `auths` of `config.json`. `text` is that file's,
 * undefined where there is none; one that cannot be read is FAILED_PRECONDITION when first asked.
 */
export function dockerCredentials(text: string | undefined, helper: CredentialHelper): CredentialSource {
  return async (host) => {
    if (text === undefined) return undefined
    const config = parseConfig(text)
    const server = host === 'docker.io' ? DOCKER_HUB_SERVER : host
    const helpers = isJsonObject(config['credHelpers']) ? config['credHelpers'] : {}
    const name = textOf(Object.hasOwn(helpers, host) ? helpers[host] : undefined) ?? textOf(config['credsStore'])
    if (name === undefined) return findAuth(config, host)
    if (!HELPER_NAME.test(name)) throw unreadable('the name of a credential helper is not valid')
    return (await helper(name, server)) ?? findAuth(config, host)
  }
}

function parseConfig(text: string): Readonly<Record<string, unknown>> {
  try {
    const config: unknown = JSON.parse(text)
    if (isJsonObject(config)) return config
  } catch {
    // The parser's own message quotes the text, which holds passwords.
  }
  throw unreadable('it is not a JSON object')
}

function findAuth(config: Readonly<Record<string, unknown>>, host: string): Credentials | undefined {
  const auths = isJsonObject(config['auths']) ? config['auths'] : {}
  const key = Object.keys(auths).find((candidate) => hostOf(candidate) === host)
  const entry = key === undefined ? undefined : auths[key]
  if (!isJsonObject(entry)) return undefined
  const token = textOf(entry['identitytoken'])
  if (token !== undefined) return { kind: 'IDENTITY_TOKEN', token }
  const auth = textOf(entry['auth'])
  if (auth !== undefined) return decodeAuth(auth)
  const [username, password] = [textOf(entry['username']), textOf(entry['password'])]
  return username === undefined || password === undefined ? undefined : { kind: 'PASSWORD', username, password }
}

/** Keys are hosts, or URLs as old clients wrote them. A key with a path of its own is for part of a registry only: not ours. */
function hostOf(key: string): string | undefined {
  const host = /^(?:https?:\/\/)?([^/]+)(?:\/(?:v[12]\/?)?)?$/.exec(key)?.[1]
  return host === 'index.docker.io' ? 'docker.io' : host
}

function decodeAuth(auth: string): Credentials {
  const text = Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '')
  const colon = text.indexOf(':')
  if (colon < 0) throw unreadable('an auth entry is not base64 of USER:PASSWORD')
  return { kind: 'PASSWORD', username: text.slice(0, colon), password: text.slice(colon + 1) }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function unreadable(why: string): StatusError {
  return new StatusError('FAILED_PRECONDITION', `Cannot use docker's configuration: ${why}; repair config.json, or log in again with: docker login`)
}
