import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import type { Parsed } from '@countersign/core/parsed.ts'
import { parseRating } from '@countersign/core/vulnerability/severity.ts'
import type { Advisory, AffectedPackage } from './advisory.ts'

/** Releases by their code names (debian.org/releases); what is not here is not released, and no image is made of it for production. */
const RELEASES: Readonly<Record<string, string>> = { buster: '10', bullseye: '11', bookworm: '12', trixie: '13', forky: '14' }

/**
 * Reads the security tracker's file (security-tracker.debian.org/tracker/data/json): `{source package: {CVE: {description, releases: {code name:
 * {status, fixed_version, urgency}}}}}`. One advisory a CVE, with every package and release that has it. `resolved` with version `0` was never
 * affected; `open` and `undetermined` have no fix: that nobody looked yet clears nothing.
 */
export function readDebianTracker(tree: unknown): Parsed<readonly Advisory[]> {
  if (!isJsonObject(tree)) return { ok: false, issues: [{ path: [], message: "Expected the tracker's file: an object of source packages" }] }
  const byId = new Map<string, { readonly summary: string; readonly affected: AffectedPackage[] }>()
  for (const [name, vulnerabilities] of Object.entries(tree)) {
    if (!isJsonObject(vulnerabilities)) return { ok: false, issues: [{ path: [name], message: 'Expected an object of vulnerabilities' }] }
    for (const [id, vulnerability] of Object.entries(vulnerabilities)) {
      if (!isJsonObject(vulnerability)) continue
      const known = byId.get(id) ?? { summary: typeof vulnerability.description === 'string' ? vulnerability.description : '', affected: [] }
      known.affected.push(...readReleases(name, vulnerability))
      byId.set(id, known)
    }
  }
  return {
    ok: true,
    value: [...byId].filter(([, { affected }]) => affected.length > 0).map(([id, { summary, affected }]) => toAdvisory(id, summary, affected)),
  }
}

function readReleases(name: string, { releases }: JsonObject): readonly AffectedPackage[] {
  if (!isJsonObject(releases)) return []
  return Object.entries(releases).flatMap(([codeName, state]) => {
    const release = Object.hasOwn(RELEASES, codeName) ? RELEASES[codeName] : undefined
    if (release === undefined || !isJsonObject(state)) return []
    const fixed = state.status === 'resolved' && typeof state.fixed_version === 'string' ? state.fixed_version : undefined
    if (fixed === '0') return []
    const rating = typeof state.urgency === 'string' ? parseRating(state.urgency.replace(/\*+$/, '')) : undefined
    return [
      {
        ecosystem: { name: 'Debian', release },
        name,
        ranges: [{ introduced: '0', end: fixed === undefined ? { kind: 'OPEN' } : { kind: 'FIXED', version: fixed } }],
        versions: [],
        ...(rating === undefined ? {} : { rating }),
      } satisfies AffectedPackage,
    ]
  })
}

function toAdvisory(id: string, summary: string, affected: readonly AffectedPackage[]): Advisory {
  return { id, aliases: [], summary, details: '', references: [`https://security-tracker.debian.org/tracker/${id}`], affected, cvssVectors: [] }
}
