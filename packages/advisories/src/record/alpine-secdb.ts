import { isJsonObject } from '@countersign/core/json-object.ts'
import type { Parsed } from '@countersign/core/parsed.ts'
import type { Advisory, AffectedPackage } from './advisory.ts'

/**
 * Reads a repository's file of Alpine's security database (secdb.alpinelinux.org): `{distroversion: "v3.19", packages: [{pkg: {name, secfixes:
 * {version: [ids]}}}]}`. The version is the first that is good; version `0` was never affected. An entry may hold several ids of one
 * vulnerability, apart by blanks. The database names what was fixed: what is open is not in it.
 */
export function readAlpineSecdb(tree: unknown): Parsed<readonly Advisory[]> {
  if (!isJsonObject(tree) || typeof tree.distroversion !== 'string') return refuse('distroversion', 'Expected the release, such as "v3.19"')
  if (!Array.isArray(tree.packages)) return refuse('packages', 'Expected a list of packages')
  const release = tree.distroversion
  const byIds = new Map<string, AffectedPackage[]>()
  for (const entry of tree.packages.filter(isJsonObject)) {
    for (const { name, version, ids } of fixesOf(entry.pkg)) {
      const affected = byIds.get(ids) ?? []
      affected.push({ ecosystem: { name: 'Alpine', release }, name, ranges: [{ introduced: '0', end: { kind: 'FIXED', version } }], versions: [] })
      byIds.set(ids, affected)
    }
  }
  return { ok: true, value: [...byIds].map(([ids, affected]) => toAdvisory(ids.split(' '), affected)) }
}

function fixesOf(pkg: unknown): readonly { readonly name: string; readonly version: string; readonly ids: string }[] {
  if (!isJsonObject(pkg) || typeof pkg.name !== 'string' || !isJsonObject(pkg.secfixes)) return []
  const { name } = pkg
  return Object.entries(pkg.secfixes).flatMap(([version, ids]) => {
    if (version === '0' || !Array.isArray(ids)) return []
    return ids
      .filter((text) => typeof text === 'string' && text.trim() !== '')
      .map((text: string) => ({ name, version, ids: text.trim().replaceAll(/\s+/g, ' ') }))
  })
}

function toAdvisory([id = '', ...aliases]: readonly string[], affected: readonly AffectedPackage[]): Advisory {
  return { id, aliases, summary: '', details: '', references: [`https://security.alpinelinux.org/vuln/${id}`], affected, cvssVectors: [] }
}

function refuse(field: string, message: string): Parsed<never> {
  return { ok: false, issues: [{ path: [field], message }] }
}
