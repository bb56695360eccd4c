import { type FileFacts, type FoundPackage, isPlain } from '../facts.ts'
import type { Bytes } from '../tar/byte-source.ts'

/**
 * What Go's linker writes into every program (Go's `debug/buildinfo`): 14 bytes of magic, pointer size, flags, and from Go 1.18 on, told by bit 2 of
 * the flags, at offset 32 the version and the list of modules, each behind its length as a varint. The list lies between two marks of 16 bytes.
 */
const MAGIC = Buffer.from('\xff Go buildinf:', 'latin1')
const HEADER = 32
const ALIGNMENT = 16
const MARK = 16
const MAX_INFO = 1024 * 1024
const ELF = Buffer.from('\x7fELF', 'latin1')

/** Reads what a Go program says of itself while its bytes go by. Any other file has nothing to say. */
export async function readGo(chunks: Bytes, path: string): Promise<FileFacts> {
  let held: Buffer = Buffer.alloc(0)
  let offset = 0
  for await (const chunk of chunks) {
    held = held.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([held, chunk])
    if (offset === 0 && held.length >= ELF.length && !held.subarray(0, ELF.length).equals(ELF)) return {}
    const { facts, keep } = findInfo(held, offset, path)
    if (facts !== undefined) return facts
    offset += held.length - keep
    held = Buffer.from(held.subarray(held.length - keep))
  }
  return {}
}

interface Search {
  readonly facts?: FileFacts
  /** How many of the last bytes must be seen again with the next ones. */
  readonly keep: number
}

/** The magic also stands in the text of tools that look for it: only one in its place, with a version behind it, counts. */
function findInfo(held: Buffer, offset: number, path: string): Search {
  for (let at = held.indexOf(MAGIC); at !== -1; at = held.indexOf(MAGIC, at + 1)) {
    if ((offset + at) % ALIGNMENT !== 0) continue
    if (held.length < at + HEADER) return { keep: held.length - at }
    const flags = held[at + MAGIC.length + 1] ?? 0
    if ((flags & 2) === 0) {
      if (flags > 1 || ![4, 8].includes(held[at + MAGIC.length] ?? 0)) continue
      return { facts: { problems: [`${path} was built by a Go before 1.18, whose list of modules cannot be read`] }, keep: 0 }
    }
    const version = readText(held, at + HEADER)
    const modules = version === undefined ? undefined : readText(held, version.end)
    if (version?.text !== '' && modules === undefined && held.length - at < MAX_INFO) return { keep: held.length - at }
    if (version === undefined || modules === undefined || !version.text.startsWith('go')) continue
    return { facts: factsOf(version.text, modules.text), keep: 0 }
  }
  return { keep: Math.min(held.length, MAGIC.length - 1) }
}

/** A text behind its length; undefined where it is not all here yet. */
function readText(held: Buffer, from: number): { readonly text: string; readonly end: number } | undefined {
  let length = 0
  for (let at = from, shift = 0; at < held.length && shift < 35; at++, shift += 7) {
    const byte = held[at] ?? 0
    length += (byte & 0x7f) * 2 ** shift
    if ((byte & 0x80) !== 0) continue
    if (length > MAX_INFO) return { text: '', end: at + 1 }
    return at + 1 + length > held.length ? undefined : { text: held.toString('latin1', at + 1, at + 1 + length), end: at + 1 + length }
  }
  return undefined
}

function factsOf(version: string, marked: string): FileFacts {
  const release = version.split(' ')[0] ?? version
  const library: FoundPackage = { type: 'GO_STDLIB', ecosystem: { name: 'Go' }, name: 'stdlib', version: release }
  return { packages: [library, ...readModules(Buffer.from(marked, 'latin1').toString('utf8', MARK, Math.max(MARK, marked.length - MARK)))] }
}

/** Lines `mod`, `dep` and `=>` of path, version and sum, apart by tabs; `=>` stands for the module before it in its place. */
function readModules(text: string): readonly FoundPackage[] {
  const modules: { readonly name: string; readonly version: string }[] = []
  for (const line of text.split('\n')) {
    const [word = '', name, version = '(devel)'] = line.split('\t')
    if (!['mod', 'dep', '=>'].includes(word) || !isPlain(name)) continue
    if (word === '=>') modules.pop()
    modules.push({ name, version: isPlain(version) ? version : '(devel)' })
  }
  return modules.map((module) => ({ type: 'GO', ecosystem: { name: 'Go' }, ...module }))
}
