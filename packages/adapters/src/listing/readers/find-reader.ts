import type { FileFacts } from '../facts.ts'
import type { Allowance } from '../tar/unpack.ts'
import { readApk } from './apk.ts'
import { readDpkg } from './dpkg.ts'
import { isJava, readJava } from './java.ts'
import { readNpm } from './npm.ts'
import { readOsRelease } from './os-release.ts'
import { readPython } from './python.ts'
import { readRpm } from './rpm.ts'

/** Reads a file that is held in memory whole, of at most so many bytes. */
export interface FileReader {
  readonly maxBytes: number
  /** What is unpacked further is taken from the image's allowance. RESOURCE_EXHAUSTED where the file alone exceeds a bound; whatever else is wrong with it is a problem, and told. */
  read(bytes: Uint8Array, path: string, allowance: Allowance): FileFacts | Promise<FileFacts>
}

const [MIB, DATABASE] = [1024 * 1024, 128 * 1024 * 1024]
/** Of text, which takes several times as much memory when it is read; a whole distribution has a tenth of it. */
const LIST = 32 * MIB

/** By path: package databases have one place, packages of languages a shape. */
const READERS: readonly (FileReader & { readonly path: RegExp })[] = [
  { path: /^(?:etc|usr\/lib)\/os-release$/, maxBytes: 64 * 1024, read: readOsRelease },
  { path: /^var\/lib\/dpkg\/status$/, maxBytes: LIST, read: readDpkg },
  { path: /^var\/lib\/dpkg\/status\.d\/[^/]+(?<!\.md5sums)$/, maxBytes: MIB, read: readDpkg },
  { path: /^(?:usr\/)?lib\/apk\/db\/installed$/, maxBytes: LIST, read: readApk },
  { path: /^(?:var\/lib\/rpm|usr\/lib\/sysimage\/rpm|usr\/share\/rpm)\/rpmdb\.sqlite$/, maxBytes: DATABASE, read: readRpm },
  { path: /(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/@][^/]*\/package\.json$/, maxBytes: 4 * MIB, read: readNpm },
  { path: /\.dist-info\/METADATA$|\.egg-info(?:\/PKG-INFO)?$/, maxBytes: 4 * MIB, read: readPython },
]
const JAVA: FileReader = { maxBytes: DATABASE, read: readJava }
const OLD_RPM = /^(?:var\/lib\/rpm|usr\/lib\/sysimage\/rpm)\/(?:Packages|Packages\.db)$/

/** How to read what lies at a path; undefined for a file of no interest. */
export function findReader(path: string): FileReader | undefined {
  if (isJava(path)) return JAVA
  if (OLD_RPM.test(path)) return { maxBytes: DATABASE, read: tellOldRpm }
  return READERS.find((reader) => reader.path.test(path))
}

/** Berkeley's and rpm's own older formats have had no new distribution since 2021; that there are packages must be told all the same. */
function tellOldRpm(bytes: Uint8Array, path: string): FileFacts {
  return bytes.length === 0 ? {} : { unsupported: `${path} is a database of rpm in a format before SQLite, which cannot be read` }
}
