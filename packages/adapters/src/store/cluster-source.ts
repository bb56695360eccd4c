import type { ClusterKey, ProjectId } from '@countersign/core/name/resource-name.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { ChangeNotice, ProjectWorld, WorldSource } from '@countersign/gate/ports.ts'
import type { ChangeOperation } from '@countersign/service/changes/change.ts'
import { projectId } from './row.ts'
import { openReading } from './sqlite.ts'
import type { Database } from './tables/database.ts'
import { findAttestations, loadUndamaged, readPosition, type WorldOptions } from './world-source.ts'

const READERS = 2
const MAX_ROWS = 1000
/** A gate that is further behind reads its world anew: that is cheaper than what it missed. */
const MAX_BEHIND = 100_000

/** A change as a gate hears of it, and what became of what it names. */
export interface ClusterChange extends ChangeNotice {
  readonly etag?: string
  readonly operation: ChangeOperation
}

/** A piece of the feed as one cluster may see it. */
export interface ClusterChanges {
  readonly changes: readonly ClusterChange[]
  /** Everything up to here that concerns the cluster is in `changes`. */
  readonly position: number
  /** The feed's end; behind `position` where there is more to be read at once. */
  readonly head: number
  /** The notes whose attestations `changes` tell of. */
  readonly notes: readonly string[]
}

/** The store as the gate of one cluster may see it. */
export interface ClusterSource extends Pick<WorldSource, 'findAttestations'> {
  loadProject(): Promise<{ readonly position: number; readonly world: ProjectWorld | undefined }>
  /** OUT_OF_RANGE where the position is none that can be gone on from. */
  readChanges(position: number): Promise<ClusterChanges>
}

/** Opens the store for gates that stand alone. */
export interface ClusterSources {
  of(place: { readonly project: ProjectId; readonly cluster: ClusterKey }): ClusterSource
  close(): Promise<void>
}

/**
 * What a gate learns here is what its cluster's project may see: the project's own policy, exemptions and this one cluster, the attestors that the policy
 * names, and evidence under their notes. Of other projects the feed tells nothing but that one was deleted, without its name, because what it attested is
 * gone. What may be seen is read in the transaction of the answer.
 */
export function openClusterSources({ path, onDamage }: WorldOptions): ClusterSources {
  const { db, close } = openReading(path, READERS)
  const consistent = <R>(work: (db: Database, position: number) => Promise<R>): Promise<R> =>
    db.transaction().execute(async (reading) => await work(reading, await readPosition(reading)))
  return {
    of: ({ project, cluster }) => ({
      loadProject: () =>
        consistent(async (reading, position) => {
          const [world] = await loadUndamaged(reading, project, onDamage)
          return { position, world: world && { ...world, clusters: world.clusters.filter(({ key }) => key === cluster) } }
        }),
      readChanges: (after) => consistent((reading, head) => readChanges(reading, { project, cluster, after, head })),
      findAttestations: (note, noteUid, digest) =>
        consistent(async (reading, position) => {
          const notes = await listNotes(reading, project)
          if (!notes.includes(note))
            throw new StatusError('FAILED_PRECONDITION', `The policy of project "${project}" names no attestor on note "${note}"`)
          // Whoever asks for one note with another's uid is told nothing of the other.
          const found = await findAttestations(reading, noteUid, digest)
          return { position, attestations: found.filter((attestation) => attestation.note === note) }
        }),
    }),
    close,
  }
}

interface Asked {
  readonly project: ProjectId
  readonly cluster: ClusterKey
  readonly after: number
  readonly head: number
}

async function readChanges(db: Database, { project, cluster, after, head }: Asked): Promise<ClusterChanges> {
  if (after > head || head - after > MAX_BEHIND)
    throw new StatusError('OUT_OF_RANGE', `Cannot read the feed after ${after}: it ends at ${head}, read the world anew`)
  const named = await db.selectFrom('policy_attestor').select('attestor').where('project', '=', project).execute()
  const attestors = named.map(({ attestor }) => attestor)
  const notes = await listNotes(db, project)
  const rows = await db
    .selectFrom('feed')
    .select(['position', 'project', 'kind', 'name', 'etag', 'operation', 'note', 'digest'])
    .where('position', '>', after)
    .where(({ and, eb, or }) =>
      or([
        and([eb('project', '=', project), eb('kind', 'in', ['POLICY', 'EXEMPTION', 'BREAK_GLASS', 'PROJECT'])]),
        and([eb('kind', '=', 'CLUSTER'), eb('name', '=', `projects/${project}/clusters/${cluster}`)]),
        ...(attestors.length === 0 ? [] : [and([eb('kind', '=', 'ATTESTOR'), eb('name', 'in', attestors)])]),
        ...(notes.length === 0
          ? []
          : [and([eb('kind', '=', 'NOTE'), eb('name', 'in', notes)]), and([eb('kind', '=', 'ATTESTATION'), eb('note', 'in', notes)])]),
        and([eb('kind', '=', 'PROJECT'), eb('operation', '=', 'DELETE')]),
      ]),
    )
    .orderBy('position')
    .limit(MAX_ROWS)
    .execute()
  const last = rows.length < MAX_ROWS ? head : (rows.at(-1)?.position ?? head)
  const own = { kind: 'PROJECT', name: `projects/${project}`, operation: 'UPDATE' } as const
  const changes = rows.map(({ position, etag, note, digest, ...row }): ClusterChange => {
    if (row.kind === 'PROJECT' && row.project !== project) return { position, project, ...own }
    return {
      position,
      project: projectId(row.project),
      kind: row.kind as ChangeNotice['kind'],
      name: row.name,
      operation: row.operation as ChangeOperation,
      ...(etag === null ? {} : { etag }),
      ...(note === null ? {} : { note }),
      ...(digest === null ? {} : { digest }),
    }
  })
  return { changes, position: last, head, notes }
}

/** The notes that the policy's attestors stand on. */
async function listNotes(db: Database, project: ProjectId): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('policy_attestor')
    .innerJoin('attestor', 'attestor.uid', 'policy_attestor.uid')
    .select('attestor.note')
    .where('policy_attestor.project', '=', project)
    .execute()
  return [...new Set(rows.map(({ note }) => note))]
}
