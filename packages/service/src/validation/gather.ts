import type { AdmissionEvidence, AdmissionWorld, AttestorState, DigestEvidence } from '@countersign/core/admission/evidence.ts'
import type { AdmissionRequest } from '@countersign/core/admission/request.ts'
import { requiredEvidence } from '@countersign/core/admission/required-evidence.ts'
import type { RequiredEvidence } from '@countersign/core/admission/required-evidence.ts'
import type { Attestor } from '@countersign/core/attestation/attestor.ts'
import type { ImageDigest } from '@countersign/core/image/reference.ts'
import type { AttestorName, ProjectId } from '@countersign/core/name/resource-name.ts'
import { listNamedAttestors } from '@countersign/core/policy/attestor-references.ts'
import { compilePolicy } from '@countersign/core/policy/compile.ts'
import type { Exemption } from '@countersign/core/policy/exemption.ts'
import type { Policy } from '@countersign/core/policy/policy.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Page, PageRequest } from '../changes/page.ts'
import type { AttestationChecker, StoredAttestation, ValidationTables } from './ports.ts'
import { readStoredAttestation } from './unverified.ts'

const PAGE_SIZE = 500
/** A bound for what one evaluation reads of a kind. Beyond it nothing is concluded: of what was left unread some might have admitted. */
const MAX_ROWS = 20_000

/** The policy that shall be evaluated, stored or tried, and the moment. */
export interface EvaluatedPolicy {
  readonly policy: Policy
  readonly etag: string
  /** A stored policy means those attestors that bore the names when it was put; one that is tried means those of now. */
  readonly names: 'AS_STORED' | 'AS_OF_NOW'
  readonly systemPolicy: Policy
  readonly now: number
}

/** Gathers everything but attestations: what `requiredEvidence` needs before it can say which of those are needed. */
export async function gatherWorld(tables: ValidationTables, project: ProjectId, evaluated: EvaluatedPolicy): Promise<AdmissionWorld> {
  const attestors: Record<AttestorName, AttestorState> = {}
  const find = (name: AttestorName) => (evaluated.names === 'AS_STORED' ? tables.findNamedAttestor(project, name) : tables.findAttestor(name))
  for (const name of listNamedAttestors(evaluated.policy)) attestors[name] = stateOf(await find(name))
  const exemptions = await readAll('exemptions', (page) => tables.listExemptions(project, page))
  return {
    policy: compilePolicy(evaluated.policy, evaluated.etag),
    systemPolicy: compilePolicy(evaluated.systemPolicy, 'system'),
    exemptions: exemptions.map(({ exemption }): Exemption => exemption),
    attestors,
    now: evaluated.now,
  }
}

/** Adds the attestations that the decision needs, checked. `position` is the feed's head before anything was read. */
export async function gatherEvidence(
  tables: ValidationTables,
  request: AdmissionRequest,
  { world, position, checkAttestation }: { readonly world: AdmissionWorld; readonly position: number; readonly checkAttestation: AttestationChecker },
): Promise<AdmissionEvidence> {
  const attestations: Record<AttestorName, Record<ImageDigest, DigestEvidence>> = {}
  for (const needed of requiredEvidence(request, world)) {
    const state = world.attestors[needed.attestor]
    if (state?.state !== 'PRESENT') continue
    const checked = await checkAll(tables, needed, { attestor: state.attestor, checkAttestation })
    attestations[needed.attestor] = { ...attestations[needed.attestor], [needed.digest]: { position, checked } }
  }
  return { ...world, attestations }
}

async function checkAll(
  tables: ValidationTables,
  { digest }: RequiredEvidence,
  { attestor, checkAttestation }: { readonly attestor: Attestor; readonly checkAttestation: AttestationChecker },
): Promise<DigestEvidence['checked']> {
  // What hung on a note that was deleted hangs on nothing, and what hangs on one created again under its name is not the attestor's.
  const note = await tables.findNote(attestor.note)
  if (note?.uid !== attestor.noteUid) return []
  const query = { note: { name: attestor.note, uid: attestor.noteUid }, digest, kind: 'ATTESTATION' }
  const stored = await readAll<StoredAttestation>('attestations of one digest', (page) => tables.listOccurrences(query, page))
  const checked = await Promise.all(stored.map((one) => checkAttestation(readStoredAttestation(one), attestor, digest)))
  return checked.flat()
}

function stateOf(stored: Awaited<ReturnType<ValidationTables['findAttestor']>>): AttestorState {
  return stored === undefined ? { state: 'ABSENT' } : { state: 'PRESENT', attestor: stored.attestor, etag: stored.etag }
}

/** RESOURCE_EXHAUSTED where there is more than one evaluation reads. */
async function readAll<T>(what: string, list: (page: PageRequest) => Promise<Page<T>>): Promise<readonly T[]> {
  const items: T[] = []
  let page: PageRequest | undefined = { pageSize: PAGE_SIZE }
  while (page !== undefined) {
    const { items: more, next }: Page<T> = await list(page)
    items.push(...more)
    if (items.length > MAX_ROWS)
      throw new StatusError('RESOURCE_EXHAUSTED', `Cannot evaluate: there are more than ${MAX_ROWS} ${what}, delete those that are not needed`)
    page = next === undefined ? undefined : { pageSize: PAGE_SIZE, after: next }
  }
  return items
}
