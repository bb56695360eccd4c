import { RULE_MAPS } from '@countersign/core/policy/rule-maps.ts'
import { StatusError } from '@countersign/core/status.ts'
import { findAttestations } from '../commands/attestations/find.ts'
import { type Api, isTree, pathOf, textIn, type Tree } from '../connection/api.ts'
import type { EvidenceFile } from './evidence-file.ts'

/** Gathers from a server what an evaluation without it needs. `digests` narrows the attestations; empty: all of them. */
export async function gatherEvidenceFile(
  api: Api,
  project: string,
  { digests, savedAt }: { readonly digests: readonly string[]; readonly savedAt: string },
): Promise<EvidenceFile> {
  const policy = await api.call('GET', pathOf('/v1', `projects/${project}/policy`))
  const clusters = await api.list(pathOf('/countersign/v1', `projects/${project}/clusters`), 'clusters')
  const exemptions = await api.list(pathOf('/countersign/v1', `projects/${project}/exemptions`), 'exemptions')
  const names = requiredAttestors(policy)
  const attestors = await findAttestors(api, names)
  const attestations: Tree[] = []
  for (const note of new Set(attestors.map((attestor) => textIn(attestor, 'userOwnedGrafeasNote', 'noteReference')))) {
    for (const digest of digests.length === 0 ? [undefined] : digests) attestations.push(...(await findAttestations(api, { note }, digest)))
  }
  const present = attestors.map((attestor) => textIn(attestor, 'name'))
  return {
    version: 1,
    project,
    savedAt,
    policy,
    exemptions,
    attestors,
    attestations,
    clusters: clusters.map((cluster) => ({
      key: textIn(cluster, 'key'),
      trustDomain: textIn(cluster, 'trustDomain'),
    })),
    absentAttestors: names.filter((name) => !present.includes(name)),
    ...(digests.length === 0 ? {} : { digests }),
  }
}

async function findAttestors(api: Api, names: readonly string[]): Promise<readonly Tree[]> {
  const found: Tree[] = []
  for (const name of names) {
    const attestor = await api.call('GET', pathOf('/v1', name)).catch(absentWhereNotFound)
    if (attestor !== undefined) found.push(attestor)
  }
  return found
}

function absentWhereNotFound(error: unknown): undefined {
  if (error instanceof StatusError && error.code === 'NOT_FOUND') return undefined
  throw error
}

function requiredAttestors(policy: Tree): readonly string[] {
  const maps = RULE_MAPS.map(({ field }) => policy[field]).filter(isTree)
  const rules = [policy['defaultAdmissionRule'], ...maps.flatMap((map) => Object.values(map))].filter(isTree)
  const names = rules.flatMap(({ requireAttestationsBy: by }) => (Array.isArray(by) ? by.filter((name) => typeof name === 'string') : []))
  return [...new Set(names)]
}
