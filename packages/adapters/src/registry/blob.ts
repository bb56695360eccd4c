import { createHash } from 'node:crypto'
import type { ImageDigest, ImageReference } from '@countersign/core/image/reference.ts'
import { StatusError } from '@countersign/core/status.ts'
import { refusalOf } from './refusal.ts'
import { brokenOff, type Transport } from './transport.ts'

const TIMEOUT_MS = 30_000
/** A registry that gives less a millisecond, all in all, keeps us waiting on purpose. */
const SLOWEST_BYTES_PER_MS = 32

/** Which blob, and how much of it may come. */
export interface BlobWanted {
  readonly digest: ImageDigest
  /** What its descriptor says that it has; other lengths are DATA_LOSS. */
  readonly size?: number
  /** Beyond it the reading ends with RESOURCE_EXHAUSTED, before more has been taken. */
  readonly maxBytes: number
}

/**
 * Reads a blob as it comes, never holding it whole. Its bytes are not to be believed before the end: only there can the digest be compared (DATA_LOSS).
 * Silence and slowness are bounded as length is; who stops early ends the connection.
 */
export async function* readBlob(transport: Transport, reference: ImageReference, wanted: BlobWanted): AsyncGenerator<Uint8Array> {
  const { digest, maxBytes } = wanted
  const { domain, path: repository } = reference
  const patience = new Patience(TIMEOUT_MS + Math.ceil(maxBytes / SLOWEST_BYTES_PER_MS))
  const hash = createHash('sha256')
  let length = 0
  try {
    const path = `/v2/${repository}/blobs/${digest}`
    const response = await patience.wait(transport.open({ domain, repository, path, headers: { accept: '*/*' } }, patience.signal))
    if (response.status !== 200) throw refusalOf(response, reference)
    expectLength(Number(response.headers.get('content-length') ?? 0), wanted)
    const reader = (response.body ?? new Blob([]).stream()).getReader()
    for (let next = await patience.wait(reader.read()); !next.done; next = await patience.wait(reader.read())) {
      length += next.value.length
      expectLength(length, wanted)
      hash.update(next.value)
      yield next.value
    }
  } catch (cause) {
    throw brokenOff(cause)
  } finally {
    patience.end()
  }
  if (wanted.size !== undefined && length !== wanted.size) throw lying(digest, `has ${length} bytes, its descriptor says ${wanted.size}`)
  if (`sha256:${hash.digest('hex')}` !== digest) throw lying(digest, 'is other content')
}

/** Time that a registry may let us wait, each time and all in all; the time that the reader of the blob takes is not the registry's. */
class Patience {
  readonly #ended = new AbortController()
  #leftMs: number

  constructor(leftMs: number) {
    this.#leftMs = leftMs
  }

  get signal(): AbortSignal {
    return this.#ended.signal
  }

  async wait<T>(work: Promise<T>): Promise<T> {
    const start = performance.now()
    const timer = setTimeout(() => this.#ended.abort(new DOMException('silence', 'TimeoutError')), Math.max(0, Math.min(TIMEOUT_MS, this.#leftMs)))
    try {
      return await work
    } finally {
      clearTimeout(timer)
      this.#leftMs -= performance.now() - start
    }
  }

  /** Closes the connection of what was not read to its end. */
  end(): void {
    this.#ended.abort()
  }
}

function expectLength(length: number, { digest, size, maxBytes }: BlobWanted): void {
  if (size !== undefined && length > size) throw lying(digest, `has more bytes than the ${size} that its descriptor says`)
  if (length > maxBytes) throw new StatusError('RESOURCE_EXHAUSTED', `Cannot read ${digest}: it is larger than ${maxBytes} bytes`)
}

function lying(digest: string, what: string): StatusError {
  return new StatusError('DATA_LOSS', `Cannot trust the registry: what it gave for ${digest} ${what}`)
}
