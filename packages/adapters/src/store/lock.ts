import { DatabaseSync } from 'node:sqlite'
import { StatusError } from '@countersign/core/status.ts'
import { createPrivately } from './private-file.ts'
import { isBusy } from './sqlite-error.ts'

/**
 * Holds a store for one server: two on one SQLite file are refused (DESIGN §6). The lock is the operating system's, held through a second file, so
 * that it goes with the process whatever ends it.
 */
export function lockStore(path: string): Lock {
  return path === ':memory:' ? { release: () => undefined } : lockFile(path, inUse)
}

/** Holds the spool of a gate that stands alone: two that write one chain would tear it. `path` is beside what is held. */
export function lockSpool(path: string): Lock {
  return lockFile(path, spoolInUse)
}

/** Held until released, or until the process ends. */
export interface Lock {
  readonly release: () => void
}

function lockFile(path: string, busy: (path: string, cause: unknown) => StatusError): Lock {
  const lock = openLock(path)
  try {
    lock.exec('begin exclusive')
  } catch (error) {
    lock.close()
    throw isBusy(error) ? busy(path, error) : unusable(path, error)
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

function spoolInUse(path: string, cause: unknown): StatusError {
  return new StatusError('FAILED_PRECONDITION', `Cannot open the spool "${path}": another gate uses it; give each gate a --data folder of its own`, {
    cause,
  })
}

function unusable(path: string, cause: unknown): StatusError {
  return new StatusError('FAILED_PRECONDITION', `Cannot lock "${path}": expected a file in a folder that this user may write`, { cause })
}
