import { open, readdir, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Files, UsageError } from './terminal.ts'

const MAX_BYTES = 64 * 1024 * 1024
const MAX_FILES = 10_000

/** The real files, relative to a folder. */
export function makeFiles(cwd: string): Files {
  const find: Files['find'] = async (path) => {
    try {
      return await readBounded(resolve(cwd, path))
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw explain(error, 'read', path)
    }
  }
  return {
    find,
    read: async (path) => {
      const content = await find(path)
      if (content === undefined) throw new UsageError(`Cannot read "${path}": there is no such file`)
      return content
    },
    write: async (path, content) => {
      await writeFile(resolve(cwd, path), content).catch((error: unknown) => {
        throw explain(error, 'write', path)
      })
    },
    list: async (path, endings) => await listFiles(cwd, path, endings),
  }
}

/** Reads at most the bound, whatever the file's size says: devices and pipes (`/dev/stdin`, `<(…)`) have none. */
async function readBounded(path: string): Promise<Uint8Array> {
  const file = await open(path)
  try {
    const chunks: Uint8Array[] = []
    let bytes = 0
    for await (const chunk of file.createReadStream({ autoClose: false }) as AsyncIterable<Uint8Array>) {
      bytes += chunk.length
      if (bytes > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES} bytes`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } finally {
    await file.close()
  }
}

async function listFiles(cwd: string, path: string, endings: readonly string[]): Promise<readonly string[]> {
  try {
    const whole = resolve(cwd, path)
    if (!(await stat(whole)).isDirectory()) return [path]
    const found: string[] = []
    await walk(whole, endings, found)
    return found.map((file) => join(path, file.slice(whole.length))).sort()
  } catch (error) {
    throw explain(error, 'read', path)
  }
}

/** As kubectl walks: a link to a file is a file, a link to a folder is not entered, so there is an end. */
async function walk(folder: string, endings: readonly string[], found: string[]): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await walk(path, endings, found)
    else if (endings.some((ending) => entry.name.endsWith(ending)) && (entry.isFile() || (await stat(path)).isFile())) found.push(path)
    if (found.length > MAX_FILES) throw new Error(`it holds more than ${MAX_FILES} files`)
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'you may not',
  EISDIR: 'it is a folder, expected a file',
  ENOTDIR: 'a part of the path is no folder',
}

function explain(error: unknown, verb: string, path: string): UsageError {
  const reason = REASONS[codeOf(error)] ?? (error instanceof Error ? error.message : String(error))
  return new UsageError(`Cannot ${verb} "${path}": ${reason}`)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
