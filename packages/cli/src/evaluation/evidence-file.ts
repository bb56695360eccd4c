import { isTree, textIn, type Tree, treesIn } from '../connection/api.ts'
import { UsageError } from '../terminal.ts'

/**
 * What `evaluate --save-evidence FILE` keeps of a server, and `evaluate --evidence FILE` decides by: one JSON object, whose
 * resources are written as the API's v1 writes them.
 *
 *   {
 *     "version": 1,
 *     "project": "demo",
 *     "savedAt": "2026-01-31T12:00:00.000Z",
 *     "policy": Policy,                         the project's policy
 *     "clusters": [Cluster, …],                 with key and trustDomain; never with a webhook URL, which is a credential
 *     "exemptions": [Exemption, …],
 *     "attestors": [Attestor, …],               those that the policy requires and that exist
 *     "absentAttestors": ["projects/…", …],     those that it requires and that do not
 *     "attestations": [Occurrence, …]           those on the attestors' notes: of the images that were evaluated, or all
 *     "digests": ["sha256:…", …]                where the attestations are those of some images only: of which
 *   }
 *
 * An image whose digest is not covered is not decided, and neither is a rule whose attestor stands in neither list. Whoever
 * can write the file can let anything pass: it is evidence for a check before deployment, not for a gate.
 */
export interface EvidenceFile {
  readonly version: 1
  readonly project: string
  readonly savedAt: string
  readonly policy: Tree
  readonly clusters: readonly Tree[]
  readonly exemptions: readonly Tree[]
  readonly attestors: readonly Tree[]
  readonly absentAttestors: readonly string[]
  readonly attestations: readonly Tree[]
  readonly digests?: readonly string[]
}

/** Reads an evidence file. UsageError where it is none. */
export function parseEvidenceFile(text: string, file: string): EvidenceFile {
  const tree = readJson(text)
  if (!isTree(tree) || tree['version'] !== 1 || !isTree(tree['policy'])) {
    throw new UsageError(`"${file}" is no evidence file of version 1`, 'Make one with: countersign evaluate FILES --project P --save-evidence FILE')
  }
  const digests = tree['digests'] === undefined ? {} : { digests: textsIn(tree, 'digests') }
  return {
    version: 1,
    project: textIn(tree, 'project'),
    savedAt: textIn(tree, 'savedAt'),
    policy: tree['policy'],
    clusters: treesIn(tree, 'clusters'),
    exemptions: treesIn(tree, 'exemptions'),
    attestors: treesIn(tree, 'attestors'),
    absentAttestors: textsIn(tree, 'absentAttestors'),
    attestations: treesIn(tree, 'attestations'),
    ...digests,
  }
}

/** An evidence file's text. */
export function formatEvidenceFile(evidence: EvidenceFile): string {
  return `${JSON.stringify(evidence, null, 2)}\n`
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function textsIn(tree: Tree, member: string): readonly string[] {
  const value = tree[member]
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}
