import type { IncomingMessage } from 'node:http'
import { StatusError } from '@countersign/core/status.ts'

const MAX_BODY_BYTES = 10 * 1024 * 1024
const MAX_BYTES_IN_FLIGHT = 64 * 1024 * 1024

/**
 * Reads a request's body whole and hands it to `use`. Throws INVALID_ARGUMENT beyond the bound of one body, of which the rest
 * is then never read; UNAVAILABLE where the bodies in flight together exceed theirs; CANCELLED where the caller goes away.
 */
export type WithBody = <T>(request: IncomingMessage, use: (body: Uint8Array) => Promise<T>) => Promise<T>

/**
 * Makes the reader of a door's bodies. All that it reads shares one budget, and a body counts until it was answered: the gate
 * lives in the same process, and many callers with large bodies must not take the memory that admissions need.
 */
export function makeBodyReader(): WithBody {
  let inFlight = 0
  return async (request, use) => {
    let held = 0
    const hold = (bytes: number): void => {
      held += bytes
      inFlight += bytes
      if (held > MAX_BODY_BYTES) throw tooLarge()
      if (inFlight > MAX_BYTES_IN_FLIGHT) throw overloaded()
    }
    try {
      if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge()
      return await use(await readWhole(request, hold))
    } finally {
      inFlight -= held
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

function overloaded(): StatusError {
  return new StatusError('UNAVAILABLE', 'Too many large requests are under way: try again')
}
