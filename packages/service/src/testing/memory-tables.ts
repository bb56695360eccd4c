import type { ProjectId } from '@countersign/core/name/resource-name.ts'
import { StatusError } from '@countersign/core/status.ts'
import { formatCanonicalJson } from '@countersign/evidence/record/canonical-json.ts'
import { appendToChain, EMPTY_CHAIN } from '@countersign/evidence/record/chain.ts'
import type { TokenTables } from '../access/ports.ts'
import { fileDecision } from '../audit/filing.ts'
import type { AuditQuery, AuditRow, AuditTables, ChainRecord, DecisionSink } from '../audit/ports.ts'
import type { BreakGlassTables } from '../break-glass/ports.ts'
import type { ChangeRecord, Changes, ChangeWriter, Feed } from '../changes/change.ts'
import type { GateTables } from '../gates/ports.ts'
import type { NoteTables, OccurrenceQuery, OccurrenceTables, StoredOccurrence } from '../metadata/ports.ts'
import type { AttestorTables, ExemptionTables, PolicyTables } from '../policy/ports.ts'
import type { ClusterTables, ProjectTables } from '../registration/ports.ts'
import { gatesOver } from './memory-gates.ts'
import { numberKey, pageOf } from './memory-page.ts'
import type { MemoryState } from './memory-state.ts'
import { copyState, emptyState } from './memory-state.ts'

/** Everything that flows read and write. */
export type MemoryTables = TokenTables &
  ProjectTables &
  ClusterTables &
  PolicyTables &
  AttestorTables &
  ExemptionTables &
  BreakGlassTables &
  NoteTables &
  OccurrenceTables &
  AuditTables &
  GateTables

/** A working store in memory: a real fake, which keeps the promises of the ports (one writer at a time, all or nothing, feed in commit order). */
export interface MemoryStore {
  readonly changes: Changes<MemoryTables>
  readonly feed: Feed
  readonly decisions: DecisionSink
  /** What the change writer was given, in commit order. */
  records(): readonly ChangeRecord[]
}

const WRITER = 'server:memory'

/** Makes an empty store in memory. */
export function makeMemoryStore(): MemoryStore {
  let state = emptyState()
  let last: Promise<unknown> = Promise.resolve()
  const commit: MemoryStore['changes']['commit'] = (work) => {
    const run = last.then(async () => {
      const draft = copyState(state)
      const result = await work({ ...tablesOver(draft), ...writerOver(draft) })
      state = draft
      return result
    })
    last = run.catch(() => undefined)
    return run
  }
  return {
    changes: { read: async (work) => await work(tablesOver(copyState(state))), commit },
    feed: {
      after: async (position, limit) => [...state.feed.values()].filter((row) => row.position > position).slice(0, limit),
      head: async () => state.feed.size,
    },
    decisions: {
      // Through the one writer, but without a feed row: decisions change nothing.
      acceptDecisions: async (writer, records) => {
        const run = last.then(() => acceptInto(state, writer, records))
        last = run.catch(() => undefined)
        return await run
      },
    },
    records: () => [...state.records.values()],
  }
}

function acceptInto({ audit }: MemoryState, writer: string, records: readonly ChainRecord[]): number {
  for (const record of records) audit.set(`${writer}/${numberKey(record.sequence)}`, { ...record, writer, ...fileDecision(record) })
  let sequence = 0
  while (audit.has(`${writer}/${numberKey(sequence + 1)}`)) sequence++
  return sequence
}

function tablesOver(state: MemoryState): MemoryTables {
  return {
    ...registrationOver(state),
    ...accessOver(state),
    ...policiesOver(state),
    ...attestorsOver(state),
    ...exemptionsOver(state),
    ...breakGlassOver(state),
    ...notesOver(state),
    ...occurrencesOver(state),
    ...auditOver(state),
    ...gatesOver(state),
  }
}

function writerOver(state: MemoryState): ChangeWriter {
  return {
    async recordChange(change, record) {
      const position = state.feed.size + 1
      state.feed.set(position, { ...change, position })
      state.records.set(position, record)
      const before = state.audit.get(`${WRITER}/${numberKey(position - 1)}`) ?? EMPTY_CHAIN
      const link = appendToChain(WRITER, before, formatCanonicalJson(record))
      const row = { ...link, writer: WRITER, project: record.project, time: record.time }
      state.audit.set(`${WRITER}/${numberKey(position)}`, row)
      return position
    },
  }
}

function accessOver({ tokens }: MemoryState): TokenTables {
  return {
    findToken: async (id) => tokens.get(id),
    listTokens: async () => [...tokens.values()],
    insertToken: async (token) => insert(tokens, token.id, token),
    async revokeToken(id, time) {
      const token = tokens.get(id)
      if (token !== undefined) tokens.set(id, { ...token, revokeTime: time })
    },
  }
}

function registrationOver(state: MemoryState): ProjectTables & ClusterTables {
  const { projects, clusters } = state
  return {
    findProject: async (id) => projects.get(id),
    listProjects: async (page) => pageOf([...projects.values()], (project) => project.id, page),
    insertProject: async (project) => insert(projects, project.id, project),
    deleteProject: async (id) => removeProject(state, id),
    findCluster: async (project, key) => clusters.get(`${project}/${key}`),
    listClusters: async (project, page) => pageOf(owned(clusters, project), (cluster) => cluster.key, page),
    insertCluster: async (cluster) => insert(clusters, `${cluster.project}/${cluster.key}`, cluster),
    setClusterSettings: async (project, key, settings) => {
      const cluster = clusters.get(`${project}/${key}`)
      if (cluster !== undefined) clusters.set(`${project}/${key}`, { ...cluster, settings })
    },
    deleteCluster: async (project, key) => void clusters.delete(`${project}/${key}`),
  }
}

function removeProject(state: MemoryState, id: ProjectId): void {
  state.projects.delete(id)
  state.policies.delete(id)
  for (const table of [state.clusters, state.exemptions, state.breakGlass, state.grants, state.notes, state.occurrences]) {
    for (const [key, row] of table) if (row.project === id) table.delete(key)
  }
  for (const key of state.attestors.keys()) if (key.startsWith(`projects/${id}/`)) state.attestors.delete(key)
}

function policiesOver({ policies, policyVersions, policyAttestors, attestors }: MemoryState): PolicyTables {
  return {
    findPolicy: async (project) => policies.get(project),
    findPolicyVersion: async (project, etag) => policyVersions.get(`${project}/${etag}`),
    async putPolicy(policy) {
      policies.set(policy.project, policy)
      policyVersions.set(`${policy.project}/${policy.etag}`, policy)
      policyAttestors.set(policy.project, new Map([...attestors].map(([name, { attestor }]) => [name, attestor.uid])))
    },
  }
}

function attestorsOver({ attestors, attestorVersions, policies, policyAttestors }: MemoryState): AttestorTables {
  return {
    findAttestor: async (name) => attestors.get(name),
    async findNamedAttestor(project, name) {
      const stored = attestors.get(name)
      return stored?.attestor.uid === policyAttestors.get(project)?.get(name) ? stored : undefined
    },
    findAttestorVersion: async (uid, etag) => attestorVersions.get(`${uid}/${etag}`),
    async listAttestors(project, page) {
      const rows = [...attestors.values()].filter(({ attestor }) => attestor.name.startsWith(`projects/${project}/`))
      return pageOf(rows, ({ attestor }) => attestor.name, page)
    },
    async putAttestor(stored) {
      attestors.set(stored.attestor.name, stored)
      attestorVersions.set(`${stored.attestor.uid}/${stored.etag}`, stored)
    },
    deleteAttestor: async (name) => void attestors.delete(name),
    attestorsOfNote: async (note) => [...attestors.values()].filter(({ attestor }) => attestor.note === note),
    attestorsWithKey: async (id) => [...attestors.values()].filter(({ attestor }) => attestor.publicKeys.some((key) => key.id === id)),
    async policiesNaming(name) {
      return [...policies.values()].filter(({ policy }) => JSON.stringify(policy).includes(JSON.stringify(name))).map(({ project }) => project)
    },
  }
}

function breakGlassOver({ breakGlass, grants }: MemoryState): BreakGlassTables {
  return {
    findBreakGlass: async (project) => breakGlass.get(project),
    putBreakGlass: async (stored) => void breakGlass.set(stored.project, stored),
    findGrant: async (project, id) => grants.get(`${project}/${id}`),
    listGrants: async (project, page) => pageOf(owned(grants, project), ({ id }) => id, page),
    putGrant: async (grant) => void grants.set(`${grant.project}/${grant.id}`, grant),
    countAsked: async (project, requester, since) =>
      owned(grants, project).filter((grant) => grant.requester === requester && grant.requestTime >= since).length,
    revokeGrantsOf: async (project, cluster, revocation) => {
      const bound = owned(grants, project).filter((grant) => grant.cluster === cluster && grant.revocation === undefined)
      for (const grant of bound) grants.set(`${project}/${grant.id}`, { ...grant, revocation })
    },
  }
}

function exemptionsOver({ exemptions }: MemoryState): ExemptionTables {
  return {
    findExemption: async (project, id) => exemptions.get(`${project}/${id}`),
    listExemptions: async (project, page) => pageOf(owned(exemptions, project), ({ exemption }) => exemption.id, page),
    insertExemption: async (row) => insert(exemptions, `${row.project}/${row.exemption.id}`, row),
    deleteExemption: async (project, id) => void exemptions.delete(`${project}/${id}`),
  }
}

function notesOver({ notes }: MemoryState): NoteTables {
  return {
    findNote: async (name) => notes.get(name),
    listNotes: async (project, page) => pageOf(owned(notes, project), (note) => note.name, page),
    insertNote: async (note) => insert(notes, note.name, note),
    updateNote: async (note) => void notes.set(note.name, note),
    deleteNote: async (name) => void notes.delete(name),
  }
}

function occurrencesOver({ occurrences, notes }: MemoryState): OccurrenceTables {
  const rows = (): readonly StoredOccurrence[] => [...occurrences.values()]
  return {
    findOccurrence: async (name) => occurrences.get(name),
    findByContent: async (noteUid, contentHash) => rows().find((row) => row.noteUid === noteUid && row.contentHash === contentHash),
    async listOccurrences(query, page) {
      // A map keeps the order of insertion; the position in it would shift under deletion, so time and name are the key.
      // What hangs on a note that is gone is nothing, whatever came under its name later.
      const { note } = query
      const isGone = note !== undefined && notes.get(note.name)?.uid !== note.uid
      return pageOf(isGone ? [] : rows().filter((row) => isAsked(row, query)), (row) => `${row.createTime} ${row.name}`, page)
    },
    async weighAttestations(noteUid, digest, writer) {
      const all = rows().filter((row) => row.noteUid === noteUid && row.digest === digest && row.kind === 'ATTESTATION')
      const found = writer === undefined ? all : all.filter((row) => row.writer === writer)
      return { count: found.length, bytes: found.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0) }
    },
    async insertOccurrence(occurrence) {
      const { noteUid, contentHash } = occurrence
      const twin = rows().some((row) => row.noteUid === noteUid && row.contentHash === contentHash)
      if (twin) throw new StatusError('ALREADY_EXISTS', `an identical occurrence already hangs on note "${noteUid}"`)
      insert(occurrences, occurrence.name, occurrence)
    },
    updateOccurrence: async (occurrence) => void occurrences.set(occurrence.name, occurrence),
    deleteOccurrence: async (name) => void occurrences.delete(name),
  }
}

function isAsked(row: StoredOccurrence, query: OccurrenceQuery): boolean {
  const { project, note, digest, resourceUri, kind } = query
  if (project !== undefined && row.project !== project) return false
  if (note !== undefined && (row.note !== note.name || row.noteUid !== note.uid)) return false
  if (digest !== undefined && row.digest !== digest) return false
  if (resourceUri !== undefined && row.resourceUri !== resourceUri) return false
  return kind === undefined || row.kind === kind
}

function auditOver({ audit }: MemoryState): AuditTables {
  const rows = (): readonly AuditRow[] => [...audit.values()]
  const chainKey = (row: AuditRow): string => `${row.time} ${row.writer} ${numberKey(row.sequence)}`
  return {
    async listAudit(query, page) {
      const asked = rows().filter((row) => isInWindow(row, query))
      return query.order === 'OLDEST_FIRST' ? pageOf(asked, chainKey, page) : pageOf(asked, (row) => mirror(chainKey(row)), page)
    },
    listChain: async (writer, page) =>
      pageOf(
        rows().filter((row) => row.writer === writer),
        (row) => numberKey(row.sequence),
        page,
      ),
    async listWriters() {
      const newest = new Map(rows().map((row) => [row.writer, row]))
      return [...newest.values()].map(({ writer, sequence, hash }) => ({ writer, sequence, hash }))
    },
    findByReceipt: async (project, digest) => rows().find((row) => row.project === project && row.receiptDigest === digest),
  }
}

function isInWindow(row: AuditRow, query: AuditQuery): boolean {
  const { project, from, until } = query
  return row.project === project && (from === undefined || row.time >= from) && (until === undefined || row.time < until)
}

/** A key whose order is the reverse: each byte taken from 255. */
function mirror(key: string): string {
  return Buffer.from(Buffer.from(key).map((byte) => 255 - byte)).toString('hex')
}

function owned<T extends { readonly project: ProjectId }>(table: ReadonlyMap<string, T>, project: ProjectId): readonly T[] {
  return [...table.values()].filter((row) => row.project === project)
}

function insert<T>(table: Map<string, T>, key: string, row: T): void {
  if (table.has(key)) throw new StatusError('ALREADY_EXISTS', `"${key}" already exists`)
  table.set(key, row)
}
