import { type FileFacts, type FoundPackage, isPlain } from '../facts.ts'
import { gatherPackages } from './gather.ts'
import { paragraphsOf } from './stanzas.ts'

/**
 * Reads apk's `installed` (Alpine's "Apk spec"): paragraphs of lines `P:` name, `V:` version, `o:` origin, which is what Alpine's database of fixes
 * names, `A:` architecture, `L:` license. Keys tell upper from lower case.
 */
export function readApk(bytes: Uint8Array, path: string): FileFacts {
  return gatherPackages(paragraphsOf(Buffer.from(bytes).toString('utf8')), path, readPackage)
}

function readPackage(paragraph: string): FoundPackage | 'BROKEN' {
  const valueOf = (key: string): string | undefined => new RegExp(`^${key}:(.*)$`, 'm').exec(paragraph)?.[1]?.trim()
  const [name, version, origin, architecture, license] = ['P', 'V', 'o', 'A', 'L'].map(valueOf)
  if (!isPlain(name) || !isPlain(version)) return 'BROKEN'
  return {
    type: 'OS',
    name,
    version,
    source: { name: isPlain(origin) ? origin : name, version },
    ...(isPlain(architecture) ? { architecture } : {}),
    ...(license === undefined || license === '' ? {} : { license }),
  }
}
