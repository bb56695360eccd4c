import { appendFileSync, closeSync, existsSync, fsyncSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { StatusError } from '@countersign/core/status.ts'
import { type CheckpointSigner, makeCheckpointKey, makeCheckpointSigner, splitNotes } from '@countersign/evidence/log/checkpoint.ts'
import type { CheckpointShelf } from '@countersign/service/audit/log-ports.ts'
import { isJsonObject } from '@countersign/core/json-object.ts'

/** Files that are only ever appended to: notes, each followed by an empty line. The first is the one that is read; the others are sinks. */
export function openCheckpointFiles(first: string, sinks: readonly string[] = []): CheckpointShelf {
  let newest = splitNotes(completePart(readIfPresent(first))).at(-1)
  return {
    last: () => newest,
    append: (note) => {
      // The sinks before the file that is believed: a note that reached one of them alone is put there again, never left out.
      for (const file of [...sinks, first]) appendDurably(file, note)
      newest = note
    },
  }
}

/** What stands behind the last empty line was cut off by a crash: it was never said to be published. */
function completePart(text: string): string {
  return text.slice(0, text.lastIndexOf('\n\n') + 2)
}

function appendDurably(file: string, note: string): void {
  try {
    const isNew = !existsSync(file)
    const torn = !isNew && isTorn(file)
    appendFileSync(file, `${torn ? '\n\n' : ''}${note}\n`, { mode: 0o644, flush: true })
    if (isNew) syncFolderOf(file)
  } catch (cause) {
    throw new StatusError('UNAVAILABLE', `Cannot publish the checkpoint of the log to "${file}"`, { cause })
  }
}

function isTorn(file: string): boolean {
  const { size } = statSync(file)
  if (size === 0) return false
  const end = Buffer.alloc(2)
  const opened = openSync(file, 'r')
  try {
    readSync(opened, end, 0, 2, Math.max(0, size - 2))
  } finally {
    closeSync(opened)
  }
  return end.toString('latin1') !== '\n\n'
}

function syncFolderOf(file: string): void {
  const folder = openSync(dirname(file), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

function readIfPresent(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

/** What a key file needs of its folder. */
export interface KeyFile {
  /** The text of the file; undefined where there is none. */
  read(): string | undefined
  /** Writes it whole or not at all, readable by its owner alone. */
  write(text: string): void
}

/** The key by which checkpoints are signed, made where there is none yet, with the log's name. DATA_LOSS where the file holds no key. */
export function openCheckpointKey(file: KeyFile, uuid: () => string): CheckpointSigner {
  const text = file.read()
  if (text !== undefined) return readKey(text)
  const made = { origin: `countersign.log/${uuid()}`, privateKey: makeCheckpointKey() }
  file.write(`${JSON.stringify(made)}\n`)
  return makeCheckpointSigner(made.origin, made.privateKey)
}

function readKey(text: string): CheckpointSigner {
  try {
    const tree: unknown = JSON.parse(text)
    const { origin, privateKey }: Readonly<Record<string, unknown>> = isJsonObject(tree) ? tree : {}
    return makeCheckpointSigner(String(origin), String(privateKey))
  } catch (cause) {
    throw new StatusError('DATA_LOSS', 'The key of the audit log cannot be read: put the file log-key.json of the data folder back', { cause })
  }
}
