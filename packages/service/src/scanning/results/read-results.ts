import { isJsonObject } from '@countersign/core/json-object.ts'
import type { Parsed } from '@countersign/core/parsed.ts'
import type { ScanResult } from '../judge-listing.ts'
import { readGrype } from './grype.ts'
import { findingsOf, type ToldMatch, type ToldScan } from './told.ts'
import { readTrivy } from './trivy.ts'

const ID = /^[A-Za-z][A-Za-z0-9._:-]{2,127}$/

/** Which image the results should be of, and when they were read. */
export interface ResultsOf {
  readonly digest: string
  readonly readAt: string
}

/**
 * Reads what another scanner found in an image as a scan of ours: Trivy's or Grype's JSON. Results that name another image are refused: they would make a
 * stranger's clean bill this image's.
 */
export function readResults(tree: unknown, { digest, readAt }: ResultsOf): Parsed<ScanResult> {
  const told = tell(tree)
  if (told === undefined) return refuse([], 'Expected what "trivy image --format json" or "grype -o json" writes')
  if (told.digests.length > 0 && !told.digests.includes(digest)) return refuse([], `They are about ${told.digests[0]}, expected ${digest}`)
  const broken = told.matches.findIndex((match) => !isWhole(match))
  if (broken !== -1) return refuse(['matches', broken], 'One vulnerability names no id, package or version')
  const problems = told.digests.length === 0 ? [`${told.scanner} does not say which image it scanned`] : []
  const { distribution, analysed } = told
  return {
    ok: true,
    value: {
      listing: { digest, packages: [], layers: [], problems: [], ...(distribution === undefined ? {} : { distribution }) },
      findings: findingsOf(told),
      analysed,
      problems,
      ...(analysed.length === 0 ? { unsupported: `${told.scanner} tells of no packages` } : {}),
      scannedAt: readAt,
    },
  }
}

function tell(tree: unknown): ToldScan | undefined {
  if (!isJsonObject(tree)) return undefined
  if (tree['SchemaVersion'] === 2 && tree['ArtifactName'] !== undefined) return readTrivy(tree)
  return Array.isArray(tree['matches']) && isJsonObject(tree['source']) ? readGrype(tree) : undefined
}

function isWhole({ id, name, version }: ToldMatch): boolean {
  return ID.test(id) && name !== '' && version !== ''
}

function refuse(path: readonly (string | number)[], message: string): Parsed<never> {
  return { ok: false, issues: [{ path, message }] }
}
