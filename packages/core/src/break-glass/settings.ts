import type { ClusterKey } from '../name/resource-name.ts'
import { parseClusterKey } from '../name/resource-name.ts'
import { isJsonObject } from '../json-object.ts'
import type { Parsed } from '../parsed.ts'
import { describe, readFields } from '../reading/fields.ts'
import { IssueList } from '../reading/issue-list.ts'

/** Who may break the glass: whoever may make Pods, as in the original, or only who holds an approved token. */
export type BreakGlassMode = 'anyone' | 'token'

/** How a project's clusters take the break-glass mark. */
export interface BreakGlassSettings {
  readonly mode: BreakGlassMode
  /** Clusters that differ from `mode`. */
  readonly clusters: Readonly<Record<ClusterKey, BreakGlassMode>>
}

/** What holds where nobody said anything: the original's way (binary-authorization.md §6.5). */
export const DEFAULT_BREAK_GLASS: BreakGlassSettings = { mode: 'anyone', clusters: {} }

/** The mode of one cluster. */
export function modeOf(settings: BreakGlassSettings, cluster: ClusterKey): BreakGlassMode {
  return settings.clusters[cluster] ?? settings.mode
}

/** Parses `{mode, clusters?: {LOCATION.NAME: mode}}`; every issue at once. */
export function parseBreakGlassSettings(tree: unknown): Parsed<BreakGlassSettings> {
  const issues = new IssueList()
  const fields = readFields(tree, ['mode', 'clusters'], [], issues)
  const mode = readMode(fields?.mode, ['mode'], issues)
  const clusters: Record<ClusterKey, BreakGlassMode> = {}
  const given = fields?.clusters ?? {}
  if (!isJsonObject(given)) issues.add(['clusters'], `Expected a map from clusters to modes, found ${describe(given)}`)
  else {
    for (const [key, value] of Object.entries(given)) {
      const cluster = parseClusterKey(key)
      const own = readMode(value, ['clusters', key], issues)
      if (!cluster.ok) for (const { message } of cluster.issues) issues.add(['clusters', key], message)
      else if (own !== undefined) clusters[cluster.value] = own
    }
  }
  return mode === undefined || issues.all.length > 0 ? { ok: false, issues: issues.all } : { ok: true, value: { mode, clusters } }
}

function readMode(value: unknown, path: readonly string[], issues: IssueList): BreakGlassMode | undefined {
  if (value === 'anyone' || value === 'token') return value
  issues.add(path, `Expected "anyone" or "token", found ${describe(value)}`)
  return undefined
}
