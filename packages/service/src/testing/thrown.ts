import { StatusError } from '@countersign/core/status.ts'
import type { StatusCode } from '@countersign/core/status.ts'

/** What a call refuses with: code and message, to be compared whole. Fails where it does not refuse, or with another error. */
export async function refusalOf(work: Promise<unknown>): Promise<{ readonly code: StatusCode; readonly message: string }> {
  const result = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (result instanceof StatusError) return { code: result.code, message: result.message }
  throw new Error('expected a StatusError', { cause: result })
}
