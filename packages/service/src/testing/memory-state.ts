import type { StoredToken } from '../access/ports.ts'
import type { AuditRow } from '../audit/ports.ts'
import type { StoredBreakGlass, StoredGrant } from '../break-glass/ports.ts'
import type { ChangeRecord, FeedRow } from '../changes/change.ts'
import type { StoredGate } from '../gates/ports.ts'
import type { StoredNote, StoredOccurrence } from '../metadata/ports.ts'
import type { StoredAttestor, StoredExemption, StoredPolicy } from '../policy/ports.ts'
import type { Cluster, Project } from '../registration/ports.ts'

/** All rows of the in-memory store. A transaction works on a copy of the maps, so that what it throws away was never written. */
export interface MemoryState {
  readonly tokens: Map<string, StoredToken>
  readonly projects: Map<string, Project>
  readonly clusters: Map<string, Cluster>
  /** Current version by project. */
  readonly policies: Map<string, StoredPolicy>
  /** Every version, by project and etag. */
  readonly policyVersions: Map<string, StoredPolicy>
  /** By project: the uid that each attestor's name had when the current policy was put. */
  readonly policyAttestors: Map<string, ReadonlyMap<string, string>>
  readonly attestors: Map<string, StoredAttestor>
  /** Every version, by uid and etag. */
  readonly attestorVersions: Map<string, StoredAttestor>
  readonly exemptions: Map<string, StoredExemption>
  readonly breakGlass: Map<string, StoredBreakGlass>
  readonly grants: Map<string, StoredGrant>
  readonly notes: Map<string, StoredNote>
  readonly occurrences: Map<string, StoredOccurrence>
  readonly feed: Map<number, FeedRow>
  readonly records: Map<number, ChangeRecord>
  readonly gates: Map<string, StoredGate>
  /** By writer and sequence. */
  readonly audit: Map<string, AuditRow>
}

/** A store that holds nothing. */
export function emptyState(): MemoryState {
  return {
    tokens: new Map(),
    projects: new Map(),
    clusters: new Map(),
    policies: new Map(),
    policyVersions: new Map(),
    policyAttestors: new Map(),
    attestors: new Map(),
    attestorVersions: new Map(),
    exemptions: new Map(),
    breakGlass: new Map(),
    grants: new Map(),
    notes: new Map(),
    occurrences: new Map(),
    feed: new Map(),
    records: new Map(),
    gates: new Map(),
    audit: new Map(),
  }
}

/** A copy whose maps may be written without touching the original's; the rows themselves are read-only and shared. */
export function copyState(state: MemoryState): MemoryState {
  return {
    tokens: new Map(state.tokens),
    projects: new Map(state.projects),
    clusters: new Map(state.clusters),
    policies: new Map(state.policies),
    policyVersions: new Map(state.policyVersions),
    policyAttestors: new Map(state.policyAttestors),
    attestors: new Map(state.attestors),
    attestorVersions: new Map(state.attestorVersions),
    exemptions: new Map(state.exemptions),
    breakGlass: new Map(state.breakGlass),
    grants: new Map(state.grants),
    notes: new Map(state.notes),
    occurrences: new Map(state.occurrences),
    feed: new Map(state.feed),
    records: new Map(state.records),
    gates: new Map(state.gates),
    audit: new Map(state.audit),
  }
}
