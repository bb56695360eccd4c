import { isJsonObject } from '@countersign/core/json-object.ts'
import { StatusError } from '@countersign/core/status.ts'

/** Reads a body of at most `maxBytes`; a longer one is RESOURCE_EXHAUSTED as soon as that is known, and is not read on. */
export async function readBody(response: Response, maxBytes: number): Promise<Uint8Array> {
  const announced = Number(response.headers.get('content-length') ?? 0)
  if (announced > maxBytes) {
    await response.body?.cancel()
    throw tooLarge(response, maxBytes)
  }
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.length
    if (length > maxBytes) throw tooLarge(response, maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Parses a body as a JSON object; anything else is DATA_LOSS. `what` names it in the message. */
export function parseObject(body: Uint8Array, what: string): Readonly<Record<string, unknown>> {
  const value = parseJson(body)
  if (isJsonObject(value)) return value
  throw new StatusError('DATA_LOSS', `Cannot read ${what}: found something else, expected a JSON object`)
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'))
  } catch {
    return undefined
  }
}

function tooLarge(response: Response, maxBytes: number): StatusError {
  const from = response.url === '' ? 'the registry' : new URL(response.url).host
  return new StatusError('RESOURCE_EXHAUSTED', `Cannot read the answer of ${from}: it is larger than ${maxBytes} bytes, which no manifest needs`)
}
