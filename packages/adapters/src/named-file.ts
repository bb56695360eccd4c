import { readFileSync } from 'node:fs'
import { StatusError } from '@countersign/core/status.ts'

/** Reads a text file that a setting names; `what` completes "expected a readable …". Throws FAILED_PRECONDITION where it cannot be read. */
export function readNamedFile(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new StatusError('FAILED_PRECONDITION', `Cannot read "${path}": expected a readable ${what}`, { cause })
  }
}
