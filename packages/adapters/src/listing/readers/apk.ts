import { type FileFacts, type FoundPackage, isPlain } from '../facts.ts'

/**
 * Reads apk's `installed` (Alpine's "Apk spec"): paragraphs of lines `P:` name, `V:` version, `o:` origin, which is what Alpine's database of fixes
 * names, `A:` architecture, `L:` license. Keys tell upper from lower case.
 */
export function readApk(bytes: Uint8Array, path: string): FileFacts {
  const paragraphs = Buffer.from(bytes).toString('utf8').split('\n\n')
  const found = paragraphs.filter((paragraph) => paragraph.trim() !== '').map(readPackage)
  const broken = found.filter((one) => one === undefined).length
  return {
    packages: found.filter((one) => one !== undefined),
    ...(broken === 0 ? {} : { problems: [`${broken} entries of ${path} name no package or version`] }),
  }
}

function readPackage(paragraph: string): FoundPackage | undefined {
  const valueOf = (key: string): string | undefined => new RegExp(`^${key}:(.*)$`, 'm').exec(paragraph)?.[1]?.trim()
  const [name, version, origin, architecture, license] = ['P', 'V', 'o', 'A', 'L'].map(valueOf)
  if (!isPlain(name) || !isPlain(version)) return undefined
  return {
    type: 'OS',
    name,
    version,
    source: { name: isPlain(origin) ? origin : name, version },
    ...(isPlain(architecture) ? { architecture } : {}),
    ...(license === undefined || license === '' ? {} : { license }),
  }
}
