import type { IncomingMessage } from 'node:http'
import { StatusError } from '@countersign/core/status.ts'
import { makeByteBudget } from './byte-budget.ts'

const MAX_BODY_BYTES = 10 * 1024 * 1024

/**
 * Reads a request's body whole and hands it to `use`. Throws INVALID_ARGUMENT beyond the bound of one body, of which the rest
 * is then never read; UNAVAILABLE where the bodies in flight together exceed theirs; CANCELLED where the caller goes away.
 */
export type WithBody = <T>(request: IncomingMessage, use: (body: Uint8Array) => Promise<T>) => Promise<T>

/** Makes the reader of a door's bodies. All that it reads shares one budget, and a body counts until it was answered. */
export function makeBodyReader(): WithBody {
  const open = makeByteBudget()
  return async (request, use) => {
    const share = open()
    let held = 0
    const hold = (bytes: number): void => {
      held += bytes
      if (held > MAX_BODY_BYTES) throw tooLarge()
      share.hold(bytes)
    }
    try {
      if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge()
      return await use(await readWhole(request, hold))
    } finally {
      share.release()
    }
  }
}

async function readWhole(request: IncomingMessage, hold: (bytes: number) => void): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of request as AsyncIterable<Uint8Array>) {
      hold(chunk.length)
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof StatusError) throw error
    throw new StatusError('CANCELLED', 'The caller went away before its request was whole', { cause: error })
  }
  return Buffer.concat(chunks)
}

function tooLarge(): StatusError {
  return new StatusError('INVALID_ARGUMENT', `Request payload size exceeds the limit: expected at most ${MAX_BODY_BYTES} bytes`)
}
