import type { UnverifiedAttestation } from '@countersign/core/attestation/attestation.ts'
import type { ProjectId } from '@countersign/core/name/resource-name.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { ChangeNotice, ProjectWorld, RecordSink, SpoolRecord, WorldSource } from '../ports.ts'

/** A store in memory: a working WorldSource, whose calls are counted, which can be away, and which can be held at any call. */
export class MemoryWorld implements WorldSource {
  readonly calls = { loadWorld: 0, loadProject: 0, changesAfter: 0, findAttestations: 0 }
  away = false
  /** Awaited before each answer to `findAttestations`, after it was read. */
  beforeAnswer: () => Promise<void> = () => Promise.resolve()
  readonly #projects = new Map<ProjectId, ProjectWorld>()
  readonly #attestations: UnverifiedAttestation[] = []
  readonly #feed: ChangeNotice[] = []
  #compacted = 0

  constructor(projects: readonly ProjectWorld[] = []) {
    for (const project of projects) this.#projects.set(project.project, project)
  }

  get position(): number {
    return this.#feed.length
  }

  /** Puts a project as a whole, with a notice of this kind. */
  putProject(world: ProjectWorld, kind: ChangeNotice['kind'] = 'POLICY'): number {
    this.#projects.set(world.project, world)
    return this.#notice({ project: world.project, kind, name: `projects/${world.project}/policy` })
  }

  deleteProject(project: ProjectId): number {
    this.#projects.delete(project)
    return this.#notice({ project, kind: 'PROJECT', name: `projects/${project}` })
  }

  addAttestation(attestation: UnverifiedAttestation, digest: string): number {
    this.#attestations.push(attestation)
    return this.#attestationNotice(attestation, digest)
  }

  removeAttestation(attestation: UnverifiedAttestation, digest: string): number {
    this.#attestations.splice(this.#attestations.indexOf(attestation), 1)
    return this.#attestationNotice(attestation, digest)
  }

  /** Forgets the feed's rows up to now: who stands behind must read everything anew. */
  compact(): void {
    this.#compacted = this.position
  }

  async loadWorld() {
    this.#count('loadWorld')
    return { position: this.position, projects: [...this.#projects.values()] }
  }

  async loadProject(project: ProjectId) {
    this.#count('loadProject')
    return { position: this.position, world: this.#projects.get(project) }
  }

  async changesAfter(position: number) {
    this.#count('changesAfter')
    if (position < this.#compacted) throw new StatusError('OUT_OF_RANGE', `Cannot read the feed after ${position}: it begins at ${this.#compacted}`)
    return this.#feed.slice(position)
  }

  async findAttestations(note: string, noteUid: string, digest: string) {
    this.#count('findAttestations')
    const position = this.position
    const attestations = this.#attestations.filter((one) => one.note === note && one.noteUid === noteUid && one.resourceUri.endsWith(`@${digest}`))
    await this.beforeAnswer()
    return { position, attestations }
  }

  #attestationNotice(attestation: UnverifiedAttestation, digest: string): number {
    const project = attestation.note.split('/')[1] as ProjectId
    return this.#notice({ project, kind: 'ATTESTATION', name: attestation.occurrence, note: attestation.note, digest })
  }

  #notice(notice: Omit<ChangeNotice, 'position'>): number {
    this.#feed.push({ ...notice, position: this.#feed.length + 1 })
    return this.#feed.length
  }

  #count(call: keyof MemoryWorld['calls']): void {
    this.calls[call]++
    if (this.away) throw new StatusError('UNAVAILABLE', 'The store is away')
  }
}

/** A store's side of shipping, in memory: keeps every writer's records without gaps, and can be away. */
export class MemorySink implements RecordSink {
  readonly records = new Map<string, SpoolRecord[]>()
  away = false
  calls = 0

  async ship(writer: string, records: readonly SpoolRecord[]): Promise<number> {
    this.calls++
    if (this.away) throw new StatusError('UNAVAILABLE', 'The store is away')
    const kept = this.records.get(writer) ?? []
    for (const record of records) if (record.sequence === kept.length + 1) kept.push(record)
    this.records.set(writer, kept)
    return kept.length
  }
}
