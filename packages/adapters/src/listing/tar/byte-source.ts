/** Bytes as they come. */
export type Bytes = AsyncIterable<Uint8Array>

/** Reads a stream in pieces of asked length, holding no more of it than the chunk that it gave last. */
export class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>
  #chunk: Uint8Array = new Uint8Array()
  #at = 0

  constructor(bytes: Bytes) {
    this.#chunks = bytes[Symbol.asyncIterator]()
  }

  /** Exactly `length` bytes, or fewer where the stream ends before. They stay valid. */
  async read(length: number): Promise<Uint8Array> {
    if (this.#chunk.length - this.#at >= length) {
      this.#at += length
      return this.#chunk.subarray(this.#at - length, this.#at)
    }
    const parts: Uint8Array[] = []
    let missing = length
    while (missing > 0) {
      const part = await this.next(missing)
      if (part === undefined) break
      parts.push(part)
      missing -= part.length
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
  }

  /** The next bytes, at least one and at most `most`; undefined at the end. */
  async next(most: number): Promise<Uint8Array | undefined> {
    while (this.#at >= this.#chunk.length) {
      const { done, value } = await this.#chunks.next()
      if (done === true) return undefined
      this.#chunk = value
      this.#at = 0
    }
    const part = this.#chunk.subarray(this.#at, this.#at + most)
    this.#at += part.length
    return part
  }

  /** Passes over bytes; gives how many there were to pass over. */
  async skip(length: number): Promise<number> {
    let left = length
    while (left > 0) {
      const held = Math.min(left, this.#chunk.length - this.#at)
      this.#at += held
      left -= held
      if (left === 0) break
      const part = await this.next(left)
      if (part === undefined) break
      left -= part.length
    }
    return length - left
  }

  /** Tells the stream that no more of it is wanted. */
  async close(): Promise<void> {
    await this.#chunks.return?.()
  }
}
