import { DatabaseSync } from 'node:sqlite'
import { StatusError } from '@countersign/core/status.ts'
import { createPrivately } from './sqlite.ts'
import { isBusy } from './sqlite-error.ts'

/**
 * Holds a store for one server: two on one SQLite file are refused (DESIGN §6). The lock is the operating system's, held through a second file, so
 * that it goes with the process whatever ends it.
 */
export function lockStore(path: string): { readonly release: () => void } {
  if (path === ':memory:') return { release: () => undefined }
  const lock = openLock(path)
  try {
    lock.exec('begin exclusive')
  } catch (error) {
    lock.close()
    throw isBusy(error) ? inUse(path, error) : unusable(path, error)
  }
  return {
    release: () => {
      if (lock.isOpen) lock.close()
    },
  }
}

function openLock(path: string): DatabaseSync {
  try {
    createPrivately(`${path}.lock`)
    return new DatabaseSync(`${path}.lock`, { timeout: 0 })
  } catch (error) {
    throw unusable(path, error)
  }
}

function inUse(path: string, cause: unknown): StatusError {
  return new StatusError('FAILED_PRECONDITION', `Cannot open the store "${path}": another server uses it; stop it, or choose another --data folder`, {
    cause,
  })
}

function unusable(path: string, cause: unknown): StatusError {
  return new StatusError('FAILED_PRECONDITION', `Cannot open the store "${path}": expected a file in a folder that this user may write`, { cause })
}
