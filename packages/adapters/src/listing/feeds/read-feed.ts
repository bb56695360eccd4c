import { createReadStream } from 'node:fs'
import { open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Advisory } from '@countersign/advisories/record/advisory.ts'
import { readAlpineSecdb } from '@countersign/advisories/record/alpine-secdb.ts'
import { readDebianTracker } from '@countersign/advisories/record/debian-tracker.ts'
import { readOsv } from '@countersign/advisories/record/osv.ts'
import { isJsonObject } from '@countersign/core/json-object.ts'
import { formatIssue, type Parsed } from '@countersign/core/parsed.ts'
import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'
import { listZip, type ReadAt, readZipEntry } from '../zip.ts'

/** No record that is published is larger; the tracker's file has about 70 MB. */
const MAX_RECORD = 16 * 1024 * 1024
const MAX_RECORDS = 5_000_000
const MAX_FILE = 512 * 1024 * 1024

/**
 * Reads the advisories of a feed as they come: OSV records (a `.json` file each, `.jsonl`, a `.zip` or folder of them), Debian's tracker and
 * Alpine's secdb (`.json`), told apart by their content. Folders are read with all that is below. INVALID_ARGUMENT names the first record that is none:
 * a feed that is read by half would look like one that has nothing to say.
 */
export async function* readFeed(path: string): AsyncGenerator<Advisory> {
  const { isFolder, size } = await look(path)
  if (isFolder) {
    for (const name of (await readdir(path)).sort()) {
      const inner = join(path, name)
      if (/\.(?:json|jsonl|zip)$/.test(name) || (await look(inner)).isFolder) yield* readFeed(inner)
    }
  } else if (path.endsWith('.zip')) yield* readZip(path, size)
  else if (path.endsWith('.jsonl')) yield* readLines(path)
  else if (size > MAX_FILE) throw refuse(path, `it is larger than ${MAX_FILE} bytes`)
  else yield* readText(await readFile(path, 'utf8'), path)
}

async function look(path: string): Promise<{ readonly isFolder: boolean; readonly size: number }> {
  try {
    const found = await stat(path)
    return { isFolder: found.isDirectory(), size: found.size }
  } catch (cause) {
    throw new StatusError('NOT_FOUND', `Cannot read the feed ${quote(path)}: there is no such file or folder`, { cause })
  }
}

async function* readLines(path: string): AsyncGenerator<Advisory> {
  let number = 0
  for await (const line of createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY })) {
    number++
    if (line.trim() !== '') yield* readText(line, `${path}:${number}`)
  }
}

async function* readZip(path: string, size: number): AsyncGenerator<Advisory> {
  const file = await open(path)
  const read: ReadAt = async (offset, length) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset)
    return buffer.subarray(0, bytesRead)
  }
  try {
    for (const entry of await listZip(read, size, MAX_RECORDS)) {
      if (entry.name.endsWith('.json')) yield* readText((await readZipEntry(read, entry, MAX_RECORD)).toString('utf8'), `${path}: ${entry.name}`)
    }
  } finally {
    await file.close()
  }
}

function readText(text: string, where: string): readonly Advisory[] {
  const parsed = parseFeed(parseJson(text, where))
  if (parsed.ok) return parsed.value
  throw refuse(where, parsed.issues.slice(0, 3).map(formatIssue).join('; '))
}

/** By what only one of them has. */
function parseFeed(tree: unknown): Parsed<readonly Advisory[]> {
  if (isJsonObject(tree) && typeof tree['distroversion'] === 'string') return readAlpineSecdb(tree)
  if (!isJsonObject(tree) || typeof tree['id'] === 'string' || typeof tree['modified'] === 'string') {
    const read = readOsv(tree)
    return read.ok ? { ok: true, value: [read.value] } : read
  }
  return readDebianTracker(tree)
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw refuse(where, 'it is no JSON', cause)
  }
}

function refuse(where: string, why: string, cause?: unknown): StatusError {
  return new StatusError('INVALID_ARGUMENT', `Cannot read the feed ${quote(where)}: ${why}, expected OSV records, the tracker's file or a secdb`, {
    cause,
  })
}
