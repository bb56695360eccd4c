import { DatabaseSync } from 'node:sqlite'
import { StatusError } from '@countersign/core/status.ts'

/**
 * Holds a store for one server: two on one SQLite file are refused (DESIGN §6). The lock is the operating system's, held through a second file, so
 * that it goes with the process whatever ends it.
 */
export function lockStore(path: string): { readonly release: () => void } {
  if (path === ':memory:') return { release: () => undefined }
  const lock = new DatabaseSync(`${path}.lock`, { timeout: 0 })
  try {
    lock.exec('pragma locking_mode=exclusive')
    lock.exec('begin exclusive')
  } catch (error) {
    lock.close()
    throw new StatusError(
      'FAILED_PRECONDITION',
      `Cannot open the store "${path}": another server uses it; stop it, or choose another --data folder`,
      { cause: error },
    )
  }
  return { release: () => lock.close() }
}
