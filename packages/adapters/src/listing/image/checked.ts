import { createHash } from 'node:crypto'
import { damaged } from '../bounds.ts'
import type { Bytes } from '../tar/byte-source.ts'

/** The same bytes, and DATA_LOSS at their end where they are not what their digest says. */
export async function* checked(bytes: Bytes, digest: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  for await (const chunk of bytes) {
    hash.update(chunk)
    yield chunk
  }
  if (`sha256:${hash.digest('hex')}` !== digest) throw damaged(`${digest} has other content than its digest says`)
}
