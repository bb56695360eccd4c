import { Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { damaged, exceeded } from '../bounds.ts'
import type { Bytes } from './byte-source.ts'

const CHUNK = 256 * 1024

/** How many bytes may still come, for all that is counted together. */
export interface Allowance {
  bytes: number
}

/** Unpacks what is packed with gzip or zstd, by its first bytes and not by what anybody says of it; anything else stays as it is. */
export async function* unpack(bytes: Bytes, allowance: Allowance): AsyncGenerator<Uint8Array> {
  const { first, all } = await peek(bytes)
  const unpacker = isGzip(first) ? createGunzip({ chunkSize: CHUNK }) : isZstd(first) ? createZstdDecompress({ chunkSize: CHUNK }) : undefined
  if (unpacker === undefined) return yield* count(all, allowance)
  const source = Readable.from(all, { objectMode: false, highWaterMark: CHUNK })
  source.on('error', (error) => unpacker.destroy(error))
  try {
    yield* count(source.pipe(unpacker), allowance)
  } catch (error) {
    if (isOfZlib(error)) throw damaged('a layer cannot be unpacked, it is cut off or damaged', error)
    throw error
  } finally {
    unpacker.destroy()
    source.destroy()
  }
}

async function* count(bytes: Bytes, allowance: Allowance): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    allowance.bytes -= chunk.length
    if (allowance.bytes < 0) throw exceeded('its layers unpack to more than is allowed')
    yield chunk
  }
}

async function peek(bytes: Bytes): Promise<{ readonly first: Uint8Array; readonly all: Bytes }> {
  const chunks = bytes[Symbol.asyncIterator]()
  const held: Uint8Array[] = []
  let length = 0
  while (length < 4) {
    const { done, value } = await chunks.next()
    if (done === true) break
    held.push(value)
    length += value.length
  }
  return { first: Buffer.concat(held).subarray(0, 4), all: chain(held, chunks) }
}

async function* chain(held: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* held
    for (;;) {
      const { done, value } = await rest.next()
      if (done === true) return
      yield value
    }
  } finally {
    await rest.return?.()
  }
}

function isGzip([one, two]: Uint8Array): boolean {
  return one === 0x1f && two === 0x8b
}

function isZstd([one, two, three, four]: Uint8Array): boolean {
  return one === 0x28 && two === 0xb5 && three === 0x2f && four === 0xfd
}

function isOfZlib(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^(?:Z_|ZSTD_|ERR_Z)/.test(error.code)
}
