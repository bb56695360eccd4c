import { StatusError } from '@countersign/core/status.ts'
import { exceeded } from '../bounds.ts'
import { type FileFacts, type FoundPackage, isPlain } from '../facts.ts'
import type { Allowance } from '../tar/unpack.ts'
import { listZip, type ReadAt, readZipEntry, type ZipEntry } from '../zip.ts'

const MAX_PROPERTIES = 64 * 1024
const MAX_NESTED = 64 * 1024 * 1024
const MAX_FILES = 100_000
/** Applications carry their libraries as archives inside their own: one level, as Maven's and Spring's plugins make them. */
const DEPTH = 1

/** Reads a jar, war or ear: what Maven wrote into it and into the archives inside it. What is unpacked of it counts as what is unpacked of the image. */
export async function readJava(bytes: Uint8Array, path: string, allowance: Allowance): Promise<FileFacts> {
  return await readArchive(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), path, { depth: DEPTH, allowance })
}

/** Whether a path is that of a Java archive. */
export function isJava(path: string): boolean {
  return /\.(?:jar|war|ear)$/i.test(path)
}

interface Reading {
  /** How many levels of archives inside archives are still looked into. */
  readonly depth: number
  readonly allowance: Allowance
}

async function readArchive(archive: Buffer, path: string, { depth, allowance }: Reading): Promise<FileFacts> {
  const read: ReadAt = async (offset, length) => archive.subarray(offset, offset + length)
  const unpack = async (entry: ZipEntry, maxBytes: number): Promise<Buffer> => {
    const bytes = await readZipEntry(read, entry, maxBytes)
    allowance.bytes -= bytes.length
    return bytes
  }
  const [packages, problems]: [FoundPackage[], string[]] = [[], []]
  try {
    for (const entry of await listZip(read, archive.length, MAX_FILES)) {
      if (allowance.bytes < 0) break
      if (/(?:^|\/)META-INF\/maven\/[^/]+\/[^/]+\/pom\.properties$/.test(entry.name)) {
        packages.push(...readProperties((await unpack(entry, MAX_PROPERTIES)).toString('latin1')))
      } else if (depth > 0 && isJava(entry.name)) {
        const place = `${path}!${entry.name.slice(0, 512)}`
        const inner = await readArchive(await unpack(entry, MAX_NESTED), place, { depth: depth - 1, allowance })
        packages.push(...(inner.packages ?? []))
        problems.push(...(inner.problems ?? []))
      }
    }
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    problems.push(`${path}: ${error.message.replace(/^[^:]*: /, '')}`)
  }
  if (allowance.bytes < 0) throw exceeded('its archives unpack to more than is allowed')
  return { packages, problems }
}

function readProperties(text: string): readonly FoundPackage[] {
  const valueOf = (key: string): string | undefined => new RegExp(`^[ \\t]*${key}[ \\t]*[=:][ \\t]*(\\S+)[ \\t\\r]*$`, 'm').exec(text)?.[1]
  const [group, artifact, version] = [valueOf('groupId'), valueOf('artifactId'), valueOf('version')]
  if (!isPlain(group) || !isPlain(artifact) || !isPlain(version)) return []
  return [{ type: 'MAVEN', ecosystem: { name: 'Maven' }, name: `${group}:${artifact}`, version }]
}
