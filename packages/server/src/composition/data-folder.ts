import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { StatusError } from '@countersign/core/status.ts'

/** The files of a server's data folder. */
export interface DataFolder {
  readonly folder: string
  readonly storeFile: string
  readonly certificatesFolder: string
  readonly spoolFolder: string
  readonly adminTokenFile: string
  /** The authorities that sign the webhook's certificate: what a cluster gets as its CA bundle. */
  readonly caFile: string
  /** The private key that signs checkpoints of the audit log, and the log's name. */
  readonly logKeyFile: string
  /** What verifies them. */
  readonly logPublicKeyFile: string
  /** Every checkpoint; only ever appended to. */
  readonly checkpointsFile: string
}

/** Makes the folder where it is missing, readable by its owner alone. Throws FAILED_PRECONDITION where it cannot. */
export function openDataFolder(folder: string): DataFolder {
  try {
    makeFolder(folder)
    chmodSync(folder, 0o700)
  } catch (error) {
    throw new StatusError('FAILED_PRECONDITION', `Cannot use the data folder "${folder}": choose a writable folder with --data`, { cause: error })
  }
  return {
    folder,
    storeFile: join(folder, 'countersign.db'),
    certificatesFolder: join(folder, 'certificates'),
    spoolFolder: join(folder, 'spool'),
    adminTokenFile: join(folder, 'admin-token'),
    caFile: join(folder, 'ca.pem'),
    logKeyFile: join(folder, 'log-key.json'),
    logPublicKeyFile: join(folder, 'log-key.pub'),
    checkpointsFile: join(folder, 'checkpoints'),
  }
}

/** One folder after the other: Node's own recursive mkdir never ends where a file system such as /proc takes no folders. */
function makeFolder(folder: string): void {
  const missing: string[] = []
  for (let at = resolve(folder); !existsSync(at) && at !== dirname(at); at = dirname(at)) missing.unshift(at)
  for (const one of missing) mkdirSync(one, { mode: 0o700 })
}

/** Writes a file whole or not at all: temporary name, fsync, rename, fsync of the folder. */
export function writeFileDurably(path: string, text: string, mode: number): void {
  const temporary = `${path}.${process.pid}.tmp`
  const file = openSync(temporary, 'w', mode)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(temporary, path)
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** Reads a text file; undefined where it does not exist. Any other failure is thrown. */
export function readFileIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
