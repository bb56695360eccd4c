import { StatusError } from '@countersign/core/status.ts'

/** SQLite's result codes (sqlite.org/rescode.html): extended where they say more. */
const UNIQUE = 2067
const PRIMARY_KEY = 1555
const ROW_ID = 2579
const FOREIGN_KEY = 787
const PRIMARY_MASK = 0xff
const FULL = 13
const DAMAGED: readonly number[] = [11, 26]
/** Wrong SQL, a broken constraint of another kind, misuse: a fault of ours. */
const FAULTS: readonly number[] = [1, 19, 20, 21, 25]

/** What a failed statement is to the caller. What is not SQLite's own failure is given back as it is. */
export function storeError(error: unknown): unknown {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return error
  const { errcode } = error
  const options = { cause: error }
  if (errcode === UNIQUE || errcode === PRIMARY_KEY || errcode === ROW_ID)
    return new StatusError('ALREADY_EXISTS', 'The resource already exists', options)
  if (errcode === FOREIGN_KEY) return new StatusError('FAILED_PRECONDITION', 'Cannot write the resource: what it belongs to does not exist', options)
  const primary = errcode & PRIMARY_MASK
  if (primary === FULL) return new StatusError('RESOURCE_EXHAUSTED', 'Cannot write to the store: its disk is full', options)
  if (DAMAGED.includes(primary)) return new StatusError('DATA_LOSS', 'Cannot read the store: its file is damaged, restore it from a backup', options)
  if (FAULTS.includes(primary)) return new StatusError('INTERNAL', 'Internal error', options)
  return new StatusError('UNAVAILABLE', 'The store cannot be used now', options)
}

/** Whether SQLite found somebody else at work. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' && (error.errcode & PRIMARY_MASK) === 5
}
