import { DatabaseSync } from 'node:sqlite'
import { StatusError } from '@countersign/core/status.ts'
import { type FileFacts, type FoundPackage, isPlain } from '../facts.ts'
import { gatherPackages } from './gather.ts'
import { readRpmHeader } from './rpm-header.ts'

/** As rpm makes it (rpm's lib/backend/sqlite.cc). A table of any other making could compute its rows, without end. */
const MADE = /^CREATE TABLE '?Packages'? \(\s*hnum INTEGER PRIMARY KEY AUTOINCREMENT,\s*blob BLOB NOT NULL\s*\)$/

/** Reads rpm's database of today, a file of SQLite, in memory. */
export function readRpm(bytes: Uint8Array, path: string): FileFacts {
  const database = new DatabaseSync(':memory:', { allowExtension: false, defensive: true })
  try {
    database.deserialize(withoutLog(bytes))
    const table = database.prepare("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'Packages'").get()
    if (!MADE.test(String(table?.['sql']))) return { unsupported: `${path} is no database of rpm` }
    const rows = database.prepare('SELECT blob FROM Packages ORDER BY hnum').iterate()
    return gatherPackages(rows, path, ({ blob }) => (blob instanceof Uint8Array ? readPackage(blob) : 'BROKEN'))
  } catch (error) {
    if (error instanceof StatusError) throw error
    return { unsupported: `${path} is a damaged database` }
  } finally {
    database.close()
  }
}

/** A database that was written with a write-ahead log says so in two bytes; in memory there is none. */
function withoutLog(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[18] = 1
  copy[19] = 1
  return copy
}

/** Keys that packages are signed with are rows too, as packages called `gpg-pubkey`. */
function readPackage(blob: Uint8Array): FoundPackage | 'BROKEN' | 'ABSENT' {
  const header = readRpmHeader(blob)
  if (header === undefined || !isPlain(header.name) || !isPlain(header.version) || !isPlain(header.release)) return 'BROKEN'
  if (header.name === 'gpg-pubkey') return 'ABSENT'
  const { name, release, epoch, sourceRpm, license, architecture } = header
  const version = `${epoch === undefined || epoch === 0 ? '' : `${epoch}:`}${header.version}-${release}`
  return {
    type: 'OS',
    name,
    version,
    ...(isPlain(sourceRpm) ? sourceOf(sourceRpm, version) : {}),
    ...(license === undefined || license === '' ? {} : { license: license.slice(0, 256) }),
    ...(isPlain(architecture) ? { architecture } : {}),
  }
}

/** `openssl-3.0.7-24.el9.src.rpm`: the source's name; what is built from it usually has its version. */
function sourceOf(file: string, version: string): Pick<FoundPackage, 'source'> {
  const name = /^(.+)-[^-]+-[^-]+\.(?:no)?src\.rpm$/.exec(file)?.[1]
  return name === undefined ? {} : { source: { name, version } }
}
