import type { UnverifiedAttestation } from '@countersign/core/attestation/attestation.ts'
import type { ImageDigest } from '@countersign/core/image/reference.ts'
import type { AttestorName, ProjectId } from '@countersign/core/name/resource-name.ts'
import { DEFAULT_POLICY } from '@countersign/core/policy/default-policy.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { ChangeNotice, NamedAttestor, ProjectWorld, RegisteredCluster, WorldSource } from '@countersign/gate/ports.ts'
import { readStoredAttestation } from '@countersign/service/validation/unverified.ts'
import { noteName, occurrenceName, projectId } from './row.ts'
import type { Schema } from './schema.ts'
import { loadBreakGlass } from './tables/break-glass.ts'
import { openReading } from './sqlite.ts'
import { ATTESTOR_COLUMNS } from './tables/attestors.ts'
import type { Database } from './tables/database.ts'
import { parseStoredPolicy } from './tables/policies.ts'
import { parseCluster } from './tables/projects.ts'
import { parseAttestor } from './tables/stored-attestor.ts'
import { parseStoredExemption } from './tables/stored-exemption.ts'

/** A follower reads this many feed rows at a time, and this many attestations of one digest at most, newest first. */
const MAX_NOTICES = 1000
const MAX_ATTESTATIONS = 1000

/** A gate's own view of the store, through a read-only connection that nobody else uses. */
export interface SqliteWorldSource extends WorldSource {
  close(): Promise<void>
}

export interface WorldOptions {
  readonly path: string
  /** Told of a project whose rows are damaged. */
  readonly onDamage: (project: ProjectId, damage: StatusError) => void
}

/** Opens it; the file must exist and be of this version. */
export function openWorldSource({ path, onDamage }: WorldOptions): SqliteWorldSource {
  const { db, close } = openReading(path, 1)
  const load = (reading: Database, project: ProjectId): Promise<readonly ProjectWorld[]> => loadUndamaged(reading, project, onDamage)
  const consistent = <R>(work: (db: Database, position: number) => Promise<R>): Promise<R> =>
    db.transaction().execute(async (reading) => await work(reading, await readPosition(reading)))
  return {
    loadWorld: () =>
      consistent(async (reading, position) => {
        const ids = await reading.selectFrom('project').select('id').orderBy('id').execute()
        const projects: ProjectWorld[] = []
        for (const { id } of ids) projects.push(...(await load(reading, projectId(id))))
        return { position, projects }
      }),
    loadProject: (project) => consistent(async (reading, position) => ({ position, world: (await load(reading, project))[0] })),
    changesAfter: (position) => consistent((reading) => changesAfter(reading, position)),
    findAttestations: (_note, noteUid, digest) =>
      consistent(async (reading, position) => ({ position, attestations: await findAttestations(reading, noteUid, digest) })),
    close,
  }
}

/** The feed's end. */
export async function readPosition(db: Database): Promise<number> {
  return (await db.selectFrom('feed_head').select('position').where('id', '=', 1).executeTakeFirstOrThrow()).position
}

/** A damaged project is left out, so that nothing is decided for it and everything for the others. */
export async function loadUndamaged(db: Database, project: ProjectId, onDamage: WorldOptions['onDamage']): Promise<readonly ProjectWorld[]> {
  try {
    return await loadProject(db, project)
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 'DATA_LOSS') throw error
    onDamage(project, error)
    return []
  }
}

/** The project, or nothing where it was deleted. A project without a policy has the default one, under an etag that no stored policy has. */
async function loadProject(db: Database, project: ProjectId): Promise<readonly ProjectWorld[]> {
  const found = await db.selectFrom('project').select('number').where('id', '=', project).executeTakeFirst()
  if (found === undefined) return []
  const row = await db.selectFrom('policy').select(['project', 'etag', 'update_time', 'body']).where('project', '=', project).executeTakeFirst()
  const stored = row && parseStoredPolicy(row)
  const clusters = await db
    .selectFrom('cluster')
    .select(['project', 'key', 'uid', 'trust_domain', 'segment', 'create_time', 'settings'])
    .where('project', '=', project)
    .execute()
  const exemptions = await db
    .selectFrom('exemption')
    .select(['project', 'id', 'create_time', 'creator', 'body'])
    .where('project', '=', project)
    .execute()
  const breakGlass = await loadBreakGlass(db, project)
  return [
    {
      project,
      ...(breakGlass === undefined ? {} : { breakGlass }),
      number: found.number,
      policy: stored?.policy ?? DEFAULT_POLICY,
      policyEtag: stored?.etag ?? '',
      ...(stored === undefined ? {} : { policyUpdateTime: stored.updateTime }),
      exemptions: exemptions.map((exemption) => parseStoredExemption(exemption).exemption),
      attestors: await loadAttestors(db, project),
      clusters: clusters.map((row) => registeredOf(parseCluster(row))),
    },
  ]
}

function registeredOf({ project, key, uid, trustDomain, segment, settings }: Required<RegisteredCluster>): RegisteredCluster {
  return { project, key, uid, trustDomain, segment, settings }
}

/**
 * The attestors that the policy names, of whatever project; one that is not there is ABSENT, never left out. One that was created under a
 * name after the policy was put is not the one that the policy means.
 */
async function loadAttestors(db: Database, project: ProjectId): Promise<Readonly<Record<AttestorName, NamedAttestor>>> {
  const named = await db.selectFrom('policy_attestor').select('attestor').where('project', '=', project).execute()
  const rows = await db
    .selectFrom('policy_attestor')
    .innerJoin('attestor', 'attestor.uid', 'policy_attestor.uid')
    .select(ATTESTOR_COLUMNS)
    .where('policy_attestor.project', '=', project)
    .execute()
  const present = new Map(rows.map((row) => [row.name, parseAttestor(row)]))
  const states = named.map(({ attestor: name }): [string, NamedAttestor] => {
    const stored = present.get(name)
    return [name, stored === undefined ? { state: 'ABSENT' } : { state: 'PRESENT', attestor: stored.attestor, etag: stored.etag }]
  })
  return Object.fromEntries(states)
}

async function changesAfter(db: Database, position: number): Promise<readonly ChangeNotice[]> {
  const columns = ['position', 'project', 'kind', 'name', 'note', 'digest'] as const
  const rows = await db.selectFrom('feed').select(columns).where('position', '>', position).orderBy('position').limit(MAX_NOTICES).execute()
  return rows.map(({ position: at, project, kind, name, note, digest }) => ({
    position: at,
    project: projectId(project),
    kind: kind as ChangeNotice['kind'],
    name,
    ...(note === null ? {} : { note }),
    ...(digest === null ? {} : { digest }),
  }))
}

/** Attestations under the note that now has this uid: those of a deleted note count for nobody. */
export async function findAttestations(db: Database, noteUid: string, digest: ImageDigest): Promise<readonly UnverifiedAttestation[]> {
  const rows = await db
    .selectFrom('occurrence')
    .innerJoin('note', 'note.uid', 'occurrence.note_uid')
    .select(['occurrence.name', 'occurrence.note', 'occurrence.note_uid', 'occurrence.resource_uri', 'occurrence.body', 'occurrence.create_time'])
    .where('occurrence.note_uid', '=', noteUid)
    .where('occurrence.digest', '=', digest)
    .where('occurrence.kind', '=', 'ATTESTATION')
    .orderBy('occurrence.row', 'desc')
    .limit(MAX_ATTESTATIONS)
    .execute()
  return rows.map(parseAttestation)
}

/** A stored body is what somebody sent: what cannot be read is empty, and then proves nothing, without breaking the others. */
function parseAttestation(
  row: Pick<Schema['occurrence'], 'name' | 'note' | 'note_uid' | 'resource_uri' | 'body' | 'create_time'>,
): UnverifiedAttestation {
  const { name, note, note_uid: noteUid, resource_uri: resourceUri, body, create_time: createTime } = row
  const stored = { name: occurrenceName(name), note: noteName(note), noteUid, resourceUri, createTime }
  try {
    return readStoredAttestation({ ...stored, body })
  } catch {
    return readStoredAttestation({ ...stored, body: '{}' })
  }
}
