import { type FileFacts, type FoundPackage, isPlain } from '../facts.ts'
import { gatherPackages } from './gather.ts'
import { paragraphsOf, readStanza } from './stanzas.ts'

/**
 * Reads `var/lib/dpkg/status`, or a file of `status.d`, which images without dpkg have and which says no `Status` (dpkg's manual, deb-control). What is
 * not installed is left out. The source is named where it differs from the package, and its version where that differs too.
 */
export function readDpkg(bytes: Uint8Array, path: string): FileFacts {
  return gatherPackages(paragraphsOf(Buffer.from(bytes).toString('utf8')), path, (paragraph) => readPackage(readStanza(paragraph)))
}

function readPackage(stanza: ReadonlyMap<string, string>): FoundPackage | 'BROKEN' | 'ABSENT' {
  const status = stanza.get('status')
  if (status !== undefined && !hasFiles(status)) return 'ABSENT'
  const [name, version, architecture] = [stanza.get('package'), stanza.get('version'), stanza.get('architecture')]
  if (!isPlain(name) || !isPlain(version)) return 'BROKEN'
  const source = /^(\S+)(?:\s+\(([^()\s]+)\))?$/.exec(stanza.get('source') ?? '')
  return {
    type: 'OS',
    name,
    version,
    source: { name: source?.[1] ?? name, version: source?.[2] ?? version },
    ...(isPlain(architecture) ? { architecture } : {}),
  }
}

/** Of the states of dpkg, `not-installed` and `config-files` have none of the program's files left. */
function hasFiles(status: string): boolean {
  return !['not-installed', 'config-files'].includes(status.split(/\s+/)[2] ?? '')
}
