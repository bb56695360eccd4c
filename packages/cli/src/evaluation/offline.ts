import { decideAdmission } from '@countersign/core/admission/decide.ts'
import type { AdmissionEvidence, AdmissionWorld } from '@countersign/core/admission/evidence.ts'
import { type ClusterKey, parseClusterKey, parseProjectId, type ProjectId } from '@countersign/core/name/resource-name.ts'
import type { Parsed } from '@countersign/core/parsed.ts'
import type { Policy } from '@countersign/core/policy/policy.ts'
import { SYSTEM_POLICY } from '@countersign/core/policy/system-policy.ts'
import { StatusError } from '@countersign/core/status.ts'
import { checkAttestation } from '@countersign/evidence/attestation/check-attestation.ts'
import { loadKeys } from '@countersign/evidence/attestation/loaded-keys.ts'
import { gatherEvidence, gatherWorld } from '@countersign/service/validation/gather.ts'
import type { AttestationChecker } from '@countersign/service/validation/ports.ts'
import { type EvaluationScope, readSubjects } from '@countersign/service/validation/subject.ts'
import { UsageError } from '../terminal.ts'
import type { EvidenceFile } from './evidence-file.ts'
import { tablesOf } from './evidence-tables.ts'
import type { Judgement, Place, Subject } from './judgement.ts'

/** Everything that an evaluation without a server goes by. */
export interface OfflineEvidence {
  readonly project: string
  readonly policy: Policy
  /** Absent: only rules that need no attestation can be decided. */
  readonly evidence?: EvidenceFile
  readonly now: number
}

/** Stands for a cluster that nobody named: no rule is likely to name it. */
const NO_CLUSTER = 'no-cluster-was-named.none'
const NOTHING: EvidenceFile = {
  version: 1,
  project: 'offline',
  savedAt: '',
  policy: {},
  clusters: [],
  exemptions: [],
  attestors: [],
  absentAttestors: [],
  attestations: [],
}

/** Judges by files alone, with the code that the server judges with: gather, verify, decide. What the files do not cover is not decided. */
export async function evaluateOffline(offline: OfflineEvidence, subjects: readonly Subject[], place: Place): Promise<readonly Judgement[]> {
  const evidence = offline.evidence ?? NOTHING
  const project = accept(parseProjectId(offline.project))
  const tables = tablesOf({ ...evidence, project })
  const gathered = await gatherWorld(tables, project, {
    policy: offline.policy,
    etag: '',
    names: 'AS_OF_NOW',
    systemPolicy: SYSTEM_POLICY,
    now: offline.now,
  })
  const world = withoutUncovered(gathered, evidence)
  const scope = findScope(evidence, project, place)
  const judgements: Judgement[] = []
  for (const subject of subjects) {
    for (const { label, request } of accept(readSubjects(subject, { project, scope, principal: 'offline' }))) {
      const full = await gatherEvidence(tables, request, { world, position: 0, checkAttestation: check })
      judgements.push({ source: subject.source, subject: label, decision: decideAdmission(request, coveredBy(full, evidence)) })
    }
  }
  return judgements
}

const check: AttestationChecker = async (attestation, attestor, digest) =>
  await checkAttestation(attestation, await loadKeys(attestor.publicKeys), digest === undefined ? {} : { digest })

/** An attestor that the file does not speak of is neither present nor absent: leaving it out makes its rules undecided. */
function withoutUncovered(world: AdmissionWorld, { absentAttestors }: EvidenceFile): AdmissionWorld {
  const known = Object.entries(world.attestors).filter(([name, state]) => state.state !== 'ABSENT' || absentAttestors.includes(name))
  return { ...world, attestors: Object.fromEntries(known) }
}

/** Attestations of a digest that was not asked about when the file was saved are not known to be none. */
function coveredBy(evidence: AdmissionEvidence, { digests }: EvidenceFile): AdmissionEvidence {
  if (digests === undefined) return evidence
  const attestations = Object.entries(evidence.attestations).map(([attestor, byDigest]) => [
    attestor,
    Object.fromEntries(Object.entries(byDigest).filter(([digest]) => digests.includes(digest))),
  ])
  return { ...evidence, attestations: Object.fromEntries(attestations) as AdmissionEvidence['attestations'] }
}

function findScope({ clusters, savedAt }: EvidenceFile, project: ProjectId, { cluster, ...given }: Place): EvaluationScope {
  const key: ClusterKey = accept(parseClusterKey(cluster ?? NO_CLUSTER))
  const known = clusters.find((one) => one['key'] === key)?.['trustDomain']
  if (cluster !== undefined && known === undefined && savedAt !== '') {
    throw new StatusError('NOT_FOUND', `Cluster "${key}" was not registered when the evidence was saved`)
  }
  return { ...given, cluster: key, trustDomain: typeof known === 'string' && known !== '' ? known : `${project}.svc.id.goog` }
}

function accept<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value
  throw new UsageError(`Cannot evaluate: ${parsed.issues.map(({ message }) => message).join('; ')}`)
}
