import { StatusError } from '@countersign/core/status.ts'
import { type FileFacts, type FoundPackage, isPlain } from '../facts.ts'
import { listZip, type ReadAt, readZipEntry } from '../zip.ts'

const MAX_PROPERTIES = 64 * 1024
const MAX_NESTED = 64 * 1024 * 1024
const MAX_FILES = 100_000
/** Applications carry their libraries as archives inside their own: one level, as Maven's and Spring's plugins make them. */
const DEPTH = 1

/** Reads a jar, war or ear: what Maven wrote into it and into the archives inside it. */
export async function readJava(bytes: Uint8Array, path: string): Promise<FileFacts> {
  return await readArchive(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), path, DEPTH)
}

/** Whether a path is that of a Java archive. */
export function isJava(path: string): boolean {
  return /\.(?:jar|war|ear)$/i.test(path)
}

async function readArchive(archive: Buffer, path: string, depth: number): Promise<FileFacts> {
  const read: ReadAt = async (offset, length) => archive.subarray(offset, offset + length)
  const [packages, problems]: [FoundPackage[], string[]] = [[], []]
  try {
    const entries = await listZip(read, archive.length)
    if (entries.length > MAX_FILES) problems.push(`${path} holds more than ${MAX_FILES} files, only the first ones were looked at`)
    for (const entry of entries.slice(0, MAX_FILES)) {
      if (/(?:^|\/)META-INF\/maven\/[^/]+\/[^/]+\/pom\.properties$/.test(entry.name)) {
        packages.push(...readProperties((await readZipEntry(read, entry, MAX_PROPERTIES)).toString('latin1')))
      } else if (depth > 0 && isJava(entry.name)) {
        const inner = await readArchive(await readZipEntry(read, entry, MAX_NESTED), `${path}!${entry.name.slice(0, 512)}`, depth - 1)
        packages.push(...(inner.packages ?? []))
        problems.push(...(inner.problems ?? []))
      }
    }
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    problems.push(`${path}: ${error.message.replace(/^[^:]*: /, '')}`)
  }
  return { packages, problems }
}

function readProperties(text: string): readonly FoundPackage[] {
  const valueOf = (key: string): string | undefined => new RegExp(`^[ \\t]*${key}[ \\t]*[=:][ \\t]*(\\S+)[ \\t\\r]*$`, 'm').exec(text)?.[1]
  const [group, artifact, version] = [valueOf('groupId'), valueOf('artifactId'), valueOf('version')]
  if (!isPlain(group) || !isPlain(artifact) || !isPlain(version)) return []
  return [{ type: 'MAVEN', ecosystem: { name: 'Maven' }, name: `${group}:${artifact}`, version }]
}
