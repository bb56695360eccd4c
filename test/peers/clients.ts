import { createRequire } from 'node:module'

/** A method of a generated gRPC client: the response comes first in what it gives. */
export type Rpc = (request: object, options?: object) => Promise<readonly unknown[]>

/** A method of a client made from a discovery document. */
export type RestCall = (request: object, options?: object) => Promise<{ readonly status: number; readonly data: unknown }>

// Clients that see no project and no credentials ask the cloud's metadata address otherwise.
process.env['METADATA_SERVER_DETECTION'] = 'none'

const require = createRequire(import.meta.url)

/** Why a test that needs these packages cannot run, as node:test's `skip` wants it: the reason, or false. */
export function missingClients(...names: readonly string[]): string | false {
  const missing = names.filter((name) => !isHere(name))
  return missing.length === 0 ? false : `${missing.join(', ')} missing: npm ci in test/peers`
}

/**
 * Loads a client as the shape that a test wants of it. Its own types stay unread: they are larger than all of this
 * repository, and the type check must not wait for them.
 */
export async function loadClient<T>(name: string): Promise<T> {
  return (await import(name)) as T
}

function isHere(name: string): boolean {
  try {
    require.resolve(name)
    return true
  } catch {
    return false
  }
}
