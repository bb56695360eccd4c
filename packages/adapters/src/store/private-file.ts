import { closeSync, openSync } from 'node:fs'

/**
 * Makes an empty file with its mode from the beginning. One that exists is not touched: closing a file of SQLite's by another hand would drop the locks
 * that this process holds on it.
 */
export function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error
  }
}
