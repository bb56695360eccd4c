import { damaged, exceeded, MAX_PATH } from '../bounds.ts'
import { type Bytes, ByteSource } from './byte-source.ts'
import { BLOCK, readHeader, type TarHeader } from './header.ts'
import { readPax } from './pax.ts'

/** A file, folder or link of an archive. Its body can be read until the next entry is asked for. */
export interface TarEntry {
  /** Without `.` and `..` and slashes at both ends: as it lies below the root. Empty for the root itself. */
  readonly path: string
  readonly kind: 'FILE' | 'FOLDER' | 'HARD_LINK' | 'SYMBOLIC_LINK' | 'OTHER'
  readonly size: number
  readonly mode: number
  /** Where a hard link leads, likewise from the root; where a symbolic one does, as written. */
  readonly link: string
  /** Where the body begins in the archive. */
  readonly offset: number
  /** The body, as it comes. */
  chunks(): Bytes
  /** The body whole. */
  bytes(): Promise<Uint8Array>
}

const MAX_WORDS = 1024 * 1024
const KINDS: Readonly<Record<string, TarEntry['kind']>> = {
  '0': 'FILE',
  '7': 'FILE',
  S: 'FILE',
  '1': 'HARD_LINK',
  '2': 'SYMBOLIC_LINK',
  '5': 'FOLDER',
}

/**
 * Reads a tar archive as it comes: ustar, pax and GNU's long names. Nothing is written anywhere, so names and links that lead elsewhere lead
 * nowhere. DATA_LOSS for an archive that ends in the middle or contradicts itself.
 */
export async function* readTar(bytes: Bytes): AsyncGenerator<TarEntry> {
  const reader = new TarReader(bytes)
  try {
    for (let entry = await reader.next(); entry !== undefined; entry = await reader.next()) yield entry
    await reader.drain()
  } finally {
    await reader.close()
  }
}

/** A path as it lies below the root: `..` never leads above it, as for whoever unpacks it into a root folder. */
export function cleanPath(path: string): string {
  if (path.length > MAX_PATH) throw exceeded(`a path has more than ${MAX_PATH} characters`)
  const steps: string[] = []
  for (const step of path.split('/')) {
    if (step === '..') steps.pop()
    else if (step !== '' && step !== '.') steps.push(step)
  }
  return steps.join('/')
}

interface Words {
  readonly path?: string
  readonly link?: string
  readonly size?: number
}

class TarReader {
  readonly #source: ByteSource
  /** Where we are, and how much of the current body and its padding is still to come. */
  #offset = 0
  #body = 0
  #padding = 0

  constructor(bytes: Bytes) {
    this.#source = new ByteSource(bytes)
  }

  async next(): Promise<TarEntry | undefined> {
    let words: Words = {}
    for (;;) {
      const header = await this.#nextHeader()
      if (header === undefined) return undefined
      const said = await this.#wordsOf(header)
      if (said === undefined) return this.#entryOf(header, words)
      words = { ...words, ...said }
    }
  }

  /** What follows the archive's end is read too: it counts for the digest. */
  async drain(): Promise<void> {
    while ((await this.#source.next(BLOCK * 1024)) !== undefined);
  }

  async close(): Promise<void> {
    await this.#source.close()
  }

  async #nextHeader(): Promise<TarHeader | undefined> {
    await this.#pass()
    const block = await this.#source.read(BLOCK)
    if (block.length === 0) return undefined
    if (block.length < BLOCK) throw truncated()
    this.#offset += BLOCK
    const header = readHeader(block)
    if (header === undefined) return undefined
    // Links and folders have no body, whatever size they write.
    this.#expect(['1', '2', '3', '4', '5', '6'].includes(header.type) ? 0 : header.size)
    if (header.type === 'S') await this.#passSparseMap(block)
    return header
  }

  /** GNU's old sparse files go on telling where their holes are in blocks of their own before the body. */
  async #passSparseMap(header: Uint8Array): Promise<void> {
    let more = header[482] === 1
    while (more) {
      const block = await this.#source.read(BLOCK)
      if (block.length < BLOCK) throw truncated()
      this.#offset += BLOCK
      more = block[504] === 1
    }
  }

  #expect(size: number): void {
    this.#body = size
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK
  }

  async #pass(): Promise<void> {
    const left = this.#body + this.#padding
    if (left > 0 && (await this.#source.skip(left)) < left) throw truncated()
    this.#offset += left
    this.#expect(0)
  }

  /** What the entry says about the next one; undefined for one that is itself something. */
  async #wordsOf({ type, size }: TarHeader): Promise<Words | undefined> {
    if (!['x', 'g', 'L', 'K'].includes(type)) return undefined
    if (size > MAX_WORDS) throw exceeded('the words about an entry of a layer are longer than 1 MiB')
    const body = await this.#bytes()
    if (type === 'g') return {}
    if (type === 'x') return fromPax(body)
    const text = Buffer.from(body).toString('utf8').split('\0')[0] ?? ''
    return type === 'L' ? { path: text } : { link: text }
  }

  #entryOf(header: TarHeader, words: Words): TarEntry {
    const kind = KINDS[header.type] ?? 'OTHER'
    const size = words.size !== undefined && kind === 'FILE' ? words.size : this.#body
    this.#expect(size)
    const link = words.link ?? header.link
    return {
      path: cleanPath(words.path ?? header.name),
      kind: kind === 'FILE' && header.type === '0' && (words.path ?? header.name).endsWith('/') ? 'FOLDER' : kind,
      size,
      mode: header.mode,
      link: kind === 'HARD_LINK' ? cleanPath(link) : link,
      offset: this.#offset,
      chunks: () => this.#chunks(),
      bytes: () => this.#bytes(),
    }
  }

  async *#chunks(): AsyncGenerator<Uint8Array> {
    while (this.#body > 0) {
      const part = await this.#source.next(this.#body)
      if (part === undefined) throw truncated()
      this.#body -= part.length
      this.#offset += part.length
      yield part
    }
  }

  async #bytes(): Promise<Uint8Array> {
    return Buffer.concat(await Array.fromAsync(this.#chunks()))
  }
}

function fromPax(body: Uint8Array): Words {
  const { path, linkpath, size } = readPax(body)
  const bytes = Number(size)
  if (size !== undefined && (!Number.isSafeInteger(bytes) || bytes < 0)) throw damaged('a layer is damaged: a size in a tar header is none')
  return {
    ...(path === undefined ? {} : { path }),
    ...(linkpath === undefined ? {} : { link: linkpath }),
    ...(size === undefined ? {} : { size: bytes }),
  }
}

function truncated(): Error {
  return damaged('a layer ends in the middle of a file')
}
