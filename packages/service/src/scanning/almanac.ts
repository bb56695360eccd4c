import type { Ecosystem } from '@countersign/advisories/ecosystem.ts'
import { type AdvisoryIndex, indexAdvisories } from '@countersign/advisories/match/match.ts'
import { type Advisory, primaryId } from '@countersign/advisories/record/advisory.ts'

/** What is known about vulnerabilities, from all feeds together. */
export interface Almanac {
  readonly index: AdvisoryIndex
  readonly advisories: number
  /** Whether any record is about packages from there: of those about which none is, nothing is known, which is not that nothing is wrong. */
  speaksOf(ecosystem: Ecosystem): boolean
  /** CVSS vectors of a vulnerability, whichever feed has them: distributions name fixes and leave the scores to others. */
  vectorsOf(id: string): readonly string[]
}

/** Reads feeds into an almanac. Of records with one id, as two feeds or two states of one have them, the newest counts. */
export async function readAlmanac(feed: AsyncIterable<Advisory> | Iterable<Advisory>): Promise<Almanac> {
  const byId = new Map<string, Advisory[]>()
  for await (const advisory of feed) addTo(byId, advisory)
  const advisories = [...byId.values()].flat()
  const vectors = new Map<string, string[]>()
  for (const advisory of advisories) {
    if (advisory.withdrawn !== undefined || advisory.cvssVectors.length === 0) continue
    for (const id of new Set([primaryId(advisory), advisory.id])) vectors.set(id, [...(vectors.get(id) ?? []), ...advisory.cvssVectors])
  }
  const spoken = new Set(advisories.flatMap(({ affected }) => affected.map(({ ecosystem: { name, release = '' } }) => `${name}:${release}`)))
  return {
    index: indexAdvisories(advisories),
    advisories: advisories.length,
    speaksOf: ({ name, release = '' }) => spoken.has(`${name}:${release}`) || spoken.has(`${name}:`),
    vectorsOf: (id) => vectors.get(id) ?? [],
  }
}

/** A CVE of the tracker and one of a secdb are two records; a second state of one record takes its place. */
function addTo(byId: Map<string, Advisory[]>, advisory: Advisory): void {
  const known = byId.get(advisory.id)
  if (known === undefined) return void byId.set(advisory.id, [advisory])
  const same = known.findIndex((one) => one.modified !== undefined && advisory.modified !== undefined)
  if (same === -1) known.push(advisory)
  else if ((known[same]?.modified ?? '') <= (advisory.modified ?? '')) known[same] = advisory
}
