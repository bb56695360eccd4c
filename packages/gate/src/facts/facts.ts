import type { CheckedAttestation, UnverifiedAttestation } from '@countersign/core/attestation/attestation.ts'
import type { Attestor } from '@countersign/core/attestation/attestor.ts'
import type { DigestEvidence } from '@countersign/core/admission/evidence.ts'
import type { ImageDigest } from '@countersign/core/image/reference.ts'
import { StatusError } from '@countersign/core/status.ts'
import { checkAttestation } from '@countersign/evidence/attestation/check-attestation.ts'
import type { ChangeNotice, WorldSource } from '../ports.ts'
import { BoundedVerdictCache } from './verdict-cache.ts'
import type { VersionedAttestor } from './versioned-attestor.ts'

interface Entry {
  readonly noteUid: string
  readonly position: number
  readonly attestations: readonly UnverifiedAttestation[]
  /** By attestor version; the newest few. */
  readonly checked: Map<string, DigestEvidence>
  readonly bytes: number
  /** A change touched it: never evidence again. */
  stale: boolean
  used: boolean
}

interface Flight {
  readonly id: string
  promise?: Promise<Entry>
  /** A look-up that saw less than this saw too little. */
  atLeast: number
}

const MAX_VERSIONS = 4
const MAX_TRIES = 20
const SIGNATURES_A_TURN = 32
const ENTRY_OVERHEAD = 500
/** A few hundred bytes each. */
const MAX_VERDICTS = 20_000

/**
 * What is known of attestations, in memory: all attestations under a note for a digest (none found, too), stamped with
 * the feed position at which that was all, and what each proves under an attestor's keys. Nothing here is a judgement:
 * times, the policy and which attestor is asked are looked at anew by every decision.
 *
 * Races: a change notice marks the entry it touches as stale unless the entry was read at or after that change. A look-up
 * in flight when the notice arrives carries the notice's position with it; if the store answered from before, it is
 * asked again. So no entry older than a notice that was applied is ever served.
 */
export class Facts {
  readonly #source: Pick<WorldSource, 'findAttestations'>
  readonly #verdicts = new BoundedVerdictCache(MAX_VERDICTS)
  readonly #maxBytes: number
  readonly #entries = new Map<string, Entry>()
  readonly #flights = new Map<string, Flight>()
  readonly #checks = new Map<string, Promise<DigestEvidence>>()
  #bytes = 0
  /** Store look-ups and signature checks begun, for the metrics. */
  readonly counts = { lookups: 0, checks: 0, hits: 0 }

  constructor(source: Pick<WorldSource, 'findAttestations'>, maxBytes: number) {
    this.#source = source
    this.#maxBytes = maxBytes
  }

  /** Bytes held, as counted. */
  get bytes(): number {
    return this.#bytes
  }

  /** What is known without asking anyone; undefined where something must be asked or checked first. */
  find(asked: VersionedAttestor, digest: ImageDigest): DigestEvidence | undefined {
    const entry = this.#entries.get(key(asked.attestor.note, digest))
    if (entry === undefined || entry.stale || entry.noteUid !== asked.attestor.noteUid) return undefined
    const evidence = entry.checked.get(asked.version)
    if (evidence !== undefined) {
      entry.used = true
      this.counts.hits++
    }
    return evidence
  }

  /** Asks the store and checks signatures, once however many ask. Rejects with what the store rejects with. */
  gather(asked: VersionedAttestor, digest: ImageDigest): Promise<DigestEvidence> {
    const known = this.find(asked, digest)
    if (known !== undefined) return Promise.resolve(known)
    const id = `${key(asked.attestor.note, digest)} ${asked.version}`
    const running = this.#checks.get(id)
    if (running !== undefined) return running
    const started = this.#gather(asked, digest).finally(() => this.#checks.delete(id))
    this.#checks.set(id, started)
    return started
  }

  /** Applies a change: forgets exactly what it touches. */
  apply(notice: ChangeNotice): void {
    if (notice.kind === 'ATTESTATION' && notice.note !== undefined && notice.digest !== undefined) {
      this.#touch(key(notice.note, notice.digest), notice.position)
    } else if (notice.kind === 'ATTESTATION') {
      this.#touchAll((id) => notice.note === undefined || id.startsWith(`${notice.note}@`), notice.position)
    } else if (notice.kind === 'NOTE') {
      this.#touchAll((id) => id.startsWith(`${notice.name}@`), notice.position)
    } else if (notice.kind === 'PROJECT') {
      // What a deleted project attested hung on notes of any project: nothing is kept. Projects come and go rarely.
      this.#touchAll(() => true, notice.position)
    }
  }

  /** Forgets everything read before a position: for a feed that no longer tells what changed. */
  forgetBefore(position: number): void {
    this.#touchAll(() => true, position)
  }

  #touchAll(concerned: (id: string) => boolean, position: number): void {
    const ids = [...this.#entries.keys(), ...[...this.#flights.values()].map((flight) => flight.id)]
    for (const id of new Set(ids)) if (concerned(id)) this.#touch(id, position)
  }

  #touch(id: string, position: number): void {
    const entry = this.#entries.get(id)
    if (entry !== undefined && entry.position < position) entry.stale = true
    for (const flight of this.#flights.values()) if (flight.id === id) flight.atLeast = Math.max(flight.atLeast, position)
  }

  async #gather(asked: VersionedAttestor, digest: ImageDigest): Promise<DigestEvidence> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const entry = await this.#entryFor(asked.attestor, digest)
      const evidence = await this.#checkAll(entry, asked, digest)
      // A change may have come in while signatures were checked.
      if (!entry.stale) return evidence
    }
    throw changesTooFast(asked.attestor, digest)
  }

  #entryFor(attestor: Attestor, digest: ImageDigest): Promise<Entry> {
    const id = key(attestor.note, digest)
    const entry = this.#entries.get(id)
    if (entry !== undefined && !entry.stale && entry.noteUid === attestor.noteUid) return Promise.resolve(entry)
    const flightId = `${id} ${attestor.noteUid}`
    const running = this.#flights.get(flightId)?.promise
    if (running !== undefined) return running
    const flight: Flight = { id, atLeast: 0 }
    this.#flights.set(flightId, flight)
    flight.promise = this.#lookUp(flight, attestor, digest).finally(() => this.#flights.delete(flightId))
    return flight.promise
  }

  async #lookUp(flight: Flight, attestor: Attestor, digest: ImageDigest): Promise<Entry> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      this.counts.lookups++
      const found = await this.#source.findAttestations(attestor.note, attestor.noteUid, digest)
      if (found.position < flight.atLeast) continue
      const entry = newEntry(attestor, found)
      this.#keep(flight.id, entry)
      return entry
    }
    throw changesTooFast(attestor, digest)
  }

  async #checkAll(entry: Entry, asked: VersionedAttestor, digest: ImageDigest): Promise<DigestEvidence> {
    const known = entry.checked.get(asked.version)
    if (known !== undefined) return known
    const keys = await asked.keys()
    this.counts.checks += entry.attestations.length
    const options = { digest, cache: this.#verdicts }
    const checked: CheckedAttestation[] = []
    let sinceTurn = 0
    for (const attestation of entry.attestations) {
      sinceTurn += attestation.signatures.length
      // Many attestations of one digest are somebody's flood: other admissions go on between their signatures.
      if (sinceTurn > SIGNATURES_A_TURN) {
        sinceTurn = 0
        await new Promise(setImmediate)
      }
      checked.push(...checkAttestation(attestation, keys, options))
    }
    const evidence = { position: entry.position, checked }
    if (entry.checked.size >= MAX_VERSIONS) entry.checked.delete(entry.checked.keys().next().value ?? '')
    entry.checked.set(asked.version, evidence)
    return evidence
  }

  #keep(id: string, entry: Entry): void {
    this.#drop(id)
    this.#entries.set(id, entry)
    this.#bytes += entry.bytes
    for (const [oldest, candidate] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) return
      // What was asked for since it was last looked at gets a second round.
      if (candidate.used && oldest !== id) {
        candidate.used = false
        this.#entries.delete(oldest)
        this.#entries.set(oldest, candidate)
      } else {
        this.#drop(oldest)
      }
    }
  }

  #drop(id: string): void {
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    this.#bytes -= entry.bytes
    this.#entries.delete(id)
  }
}

function newEntry(attestor: Attestor, found: { readonly position: number; readonly attestations: readonly UnverifiedAttestation[] }): Entry {
  const bytes = found.attestations.reduce((sum, attestation) => sum + sizeOf(attestation), ENTRY_OVERHEAD)
  return { noteUid: attestor.noteUid, ...found, checked: new Map(), bytes, stale: false, used: false }
}

function changesTooFast(attestor: Attestor, digest: ImageDigest): StatusError {
  return new StatusError('UNAVAILABLE', `Cannot read the attestations of ${digest} for ${attestor.name}: they change faster than they can be read`)
}

function key(note: string, digest: string): string {
  return `${note}@${digest}`
}

function sizeOf(attestation: UnverifiedAttestation): number {
  const signatures = attestation.signatures.reduce((sum, { signature, publicKeyId }) => sum + signature.length + publicKeyId.length + 100, 0)
  const jwts = attestation.jwts.reduce((sum, jwt) => sum + jwt.length, 0)
  return 400 + attestation.serializedPayload.length + attestation.resourceUri.length + signatures + jwts
}
