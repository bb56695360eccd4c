import type { Kysely } from 'kysely'
import type { UnverifiedAttestation } from '@countersign/core/attestation/attestation.ts'
import type { ImageDigest } from '@countersign/core/image/reference.ts'
import type { AttestorName, NoteName, OccurrenceName, ProjectId } from '@countersign/core/name/resource-name.ts'
import { DEFAULT_POLICY } from '@countersign/core/policy/default-policy.ts'
import { parseTimestamp } from '@countersign/core/timestamp.ts'
import type { ChangeNotice, NamedAttestor, ProjectWorld, WorldSource } from '@countersign/gate/ports.ts'
import type { Schema } from './schema.ts'
import { openSqlite, overSqlite, storeError } from './sqlite.ts'
import { ATTESTOR_COLUMNS, parseAttestor } from './tables/attestors.ts'
import type { Database } from './tables/database.ts'
import { parseExemptionRow, parseStoredPolicy } from './tables/policies.ts'
import { parseCluster } from './tables/projects.ts'

/** A follower reads this many feed rows at a time, and this many attestations of one digest at most, newest first. */
const MAX_NOTICES = 1000
const MAX_ATTESTATIONS = 1000

/** A gate's own view of the store, through a read-only connection that nobody else uses. */
export interface SqliteWorldSource extends WorldSource {
  close(): Promise<void>
}

/** Opens it; the file must exist and be of this version. */
export function openWorldSource({ path }: { readonly path: string }): SqliteWorldSource {
  const db = overSqlite(openSqlite({ path, access: 'READ' }))
  const consistent = async <R>(work: (db: Database, position: number) => Promise<R>): Promise<R> => {
    try {
      return await db.transaction().execute(async (reading) => work(reading, await readPosition(reading)))
    } catch (error) {
      throw storeError(error)
    }
  }
  return {
    loadWorld: () =>
      consistent(async (reading, position) => {
        const ids = await reading.selectFrom('project').select('id').orderBy('id').execute()
        const projects: ProjectWorld[] = []
        for (const { id } of ids) projects.push(...(await loadProject(reading, id as ProjectId)))
        return { position, projects }
      }),
    loadProject: (project) => consistent(async (reading, position) => ({ position, world: (await loadProject(reading, project))[0] })),
    changesAfter: (position) => consistent((reading) => changesAfter(reading, position)),
    findAttestations: (_note, noteUid, digest) =>
      consistent(async (reading, position) => ({ position, attestations: await findAttestations(reading, noteUid, digest) })),
    close: () => closeQuietly(db),
  }
}

async function closeQuietly(db: Kysely<Schema>): Promise<void> {
  await db.destroy()
}

async function readPosition(db: Database): Promise<number> {
  return (await db.selectFrom('feed_head').select('position').where('id', '=', 1).executeTakeFirstOrThrow()).position
}

/** The project, or nothing where it was deleted. A project without a policy has the default one, under an etag that no stored policy has. */
async function loadProject(db: Database, project: ProjectId): Promise<readonly ProjectWorld[]> {
  const found = await db.selectFrom('project').select('number').where('id', '=', project).executeTakeFirst()
  if (found === undefined) return []
  const row = await db.selectFrom('policy').select(['project', 'etag', 'update_time', 'body']).where('project', '=', project).executeTakeFirst()
  const stored = row && parseStoredPolicy(row)
  const clusters = await db
    .selectFrom('cluster')
    .select(['project', 'key', 'uid', 'trust_domain', 'segment', 'create_time'])
    .where('project', '=', project)
    .execute()
  const exemptions = await db
    .selectFrom('exemption')
    .select(['project', 'id', 'create_time', 'creator', 'body'])
    .where('project', '=', project)
    .execute()
  return [
    {
      project,
      number: found.number,
      policy: stored?.policy ?? DEFAULT_POLICY,
      policyEtag: stored?.etag ?? '',
      ...(stored === undefined ? {} : { policyUpdateTime: stored.updateTime }),
      exemptions: exemptions.map((exemption) => parseExemptionRow(exemption).exemption),
      attestors: await loadAttestors(db, project),
      clusters: clusters.map(parseCluster),
    },
  ]
}

/** The attestors that the policy names, of whatever project; one that is not there is ABSENT, never left out. */
async function loadAttestors(db: Database, project: ProjectId): Promise<Readonly<Record<AttestorName, NamedAttestor>>> {
  const named = await db.selectFrom('policy_attestor').select('attestor').where('project', '=', project).execute()
  const rows = await db
    .selectFrom('policy_attestor')
    .innerJoin('attestor', 'attestor.name', 'policy_attestor.attestor')
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
    ...{ position: at, project: project as ProjectId, kind: kind as ChangeNotice['kind'], name },
    ...(note === null ? {} : { note }),
    ...(digest === null ? {} : { digest }),
  }))
}

/** Attestations under the note that now has this uid: those of a deleted note count for nobody. */
async function findAttestations(db: Database, noteUid: string, digest: ImageDigest): Promise<readonly UnverifiedAttestation[]> {
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

type AttestationRow = Pick<Schema['occurrence'], 'name' | 'note' | 'note_uid' | 'resource_uri' | 'body' | 'create_time'>

/** A stored body is what somebody sent: what is not there or of another type is empty, and then proves nothing. */
function parseAttestation({ name, note, note_uid, resource_uri, body, create_time }: AttestationRow): UnverifiedAttestation {
  const attestation = memberOf(JSON.parse(body), 'attestation')
  return {
    ...{ occurrence: name as OccurrenceName, note: note as NoteName, noteUid: note_uid, resourceUri: resource_uri },
    serializedPayload: bytesOf(memberOf(attestation, 'serializedPayload')),
    signatures: listOf(memberOf(attestation, 'signatures')).map((signature) => ({
      publicKeyId: textOf(memberOf(signature, 'publicKeyId')),
      signature: bytesOf(memberOf(signature, 'signature')),
    })),
    jwts: listOf(memberOf(attestation, 'jwts')).map((jwt) => textOf(memberOf(jwt, 'compactJwt'))),
    receivedAt: parseTimestamp(create_time) ?? Number.POSITIVE_INFINITY,
  }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Base64, standard or URL-safe: Node reads both. */
function bytesOf(value: unknown): Uint8Array {
  return Buffer.from(textOf(value), 'base64')
}
