import { decideAdmission } from '@countersign/core/admission/decide.ts'
import type { AdmissionDecision } from '@countersign/core/admission/decision.ts'
import { formatDenial, generationOf } from '@countersign/core/admission/denial-text.ts'
import { formatFix } from '@countersign/core/admission/fix.ts'
import type { AdmissionRequest } from '@countersign/core/admission/request.ts'
import { parseClusterKey, parsePolicyName } from '@countersign/core/name/resource-name.ts'
import type { ProjectId } from '@countersign/core/name/resource-name.ts'
import { DEFAULT_POLICY } from '@countersign/core/policy/default-policy.ts'
import { parsePolicy } from '@countersign/core/policy/parse.ts'
import type { Policy } from '@countersign/core/policy/policy.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Caller } from '../access/caller.ts'
import { requirePermission } from '../access/permission.ts'
import type { Changes, Feed, Surroundings } from '../changes/change.ts'
import { getValue } from '../changes/invalid.ts'
import { getProject } from '../changes/known-project.ts'
import type { EvaluatedPolicy } from './gather.ts'
import { gatherEvidence, gatherWorld } from './gather.ts'
import type { AttestationChecker, ValidationTables } from './ports.ts'
import type { EvaluationScope, EvaluationSubject } from './subject.ts'
import { readSubjects } from './subject.ts'

/** What shall be judged, where it would run, and by which policy. */
export interface EvaluationRequest {
  /** `projects/P/policy` */
  readonly name: string
  readonly subject: EvaluationSubject
  /** `LOCATION.NAME` of a registered cluster; absent: one that no rule names. */
  readonly cluster?: string
  /** Goes before what the object names. */
  readonly namespace?: string
  readonly serviceAccount?: string
  /** Tries this policy, as proto3 JSON, instead of the stored one. */
  readonly policy?: unknown
}

/** The judgement of one workload. */
export interface Evaluation {
  /** Kind and name as people write them: `Pod/web`, or the image texts. */
  readonly subject: string
  readonly decision: AdmissionDecision
  /** What the cluster's user would read; empty where admitted. */
  readonly message: string
  /** The smallest changes that would admit it, as the webhook would send them. */
  readonly warnings: readonly string[]
}

export interface EvaluationPorts {
  readonly changes: Pick<Changes<ValidationTables>, 'read'>
  readonly feed: Pick<Feed, 'head'>
  readonly checkAttestation: AttestationChecker
  readonly systemPolicy: Policy
  readonly surroundings: Pick<Surroundings, 'now'>
}

/** A signature costs up to some milliseconds of the thread that serves everybody. */
const MAX_CHECKS = 2000
const NO_POLICY_ETAG = ''
/** A key that stands for a cluster nobody named; its location is too long for any rule to be likely to name it. */
const NO_CLUSTER = getValue(parseClusterKey('no-cluster-was-named.none'))

/**
 * Judges every workload of an object as the gate would, by the law itself: gather, verify, decide. Nothing is recorded. The order of judgements is that
 * of the object's items.
 */
export async function evaluatePolicy(ports: EvaluationPorts, caller: Caller, asked: EvaluationRequest): Promise<readonly Evaluation[]> {
  const project = getValue(parsePolicyName(asked.name))
  requirePermission(caller, 'binaryauthorization.policy.evaluatePolicy', asked.name)
  const tried = asked.policy === undefined ? undefined : getValue(parsePolicy(asked.policy), 'Policy is not valid')
  const position = await ports.feed.head()
  return await ports.changes.read(async (tables) => {
    await getProject(tables, project)
    const scope = await findScope(tables, project, asked)
    const requests = getValue(readSubjects(asked.subject, { project, scope, principal: caller.principal }), 'Cannot evaluate')
    const world = await gatherWorld(tables, project, await findPolicy(ports, tables, { project, tried }))
    const checkAttestation = boundChecks(ports.checkAttestation)
    const evaluations: Evaluation[] = []
    for (const { label, request } of requests) {
      const evidence = await gatherEvidence(tables, request, { world, position, checkAttestation })
      evaluations.push(evaluationOf(label, request, decideAdmission(request, evidence)))
    }
    return evaluations
  })
}

function evaluationOf(subject: string, request: AdmissionRequest, decision: AdmissionDecision): Evaluation {
  const message = decision.outcome === 'DENIED' ? formatDenial(decision, generationOf(request)) : ''
  const warnings = decision.images.flatMap(({ fix }) => (fix === undefined ? [] : [formatFix(fix)]))
  return { subject, decision, message, warnings }
}

async function findPolicy(
  ports: EvaluationPorts,
  tables: ValidationTables,
  { project, tried }: { readonly project: ProjectId; readonly tried: Policy | undefined },
): Promise<EvaluatedPolicy> {
  const stored = tried === undefined ? await tables.findPolicy(project) : { policy: tried, etag: NO_POLICY_ETAG }
  const { policy, etag } = stored ?? { policy: DEFAULT_POLICY, etag: NO_POLICY_ETAG }
  const names = tried === undefined ? 'AS_STORED' : 'AS_OF_NOW'
  return { policy, etag, names, systemPolicy: ports.systemPolicy, now: ports.surroundings.now() }
}

async function findScope(tables: ValidationTables, project: ProjectId, asked: EvaluationRequest): Promise<EvaluationScope> {
  const { namespace, serviceAccount } = asked
  const given = { ...(namespace ? { namespace } : {}), ...(serviceAccount ? { serviceAccount } : {}) }
  if (asked.cluster === undefined || asked.cluster === '') return { ...given, cluster: NO_CLUSTER, trustDomain: `${project}.svc.id.goog` }
  const cluster = getValue(parseClusterKey(asked.cluster))
  const known = await tables.findCluster(project, cluster)
  if (known !== undefined) return { ...given, cluster, trustDomain: known.trustDomain }
  throw new StatusError(
    'NOT_FOUND',
    `Cluster "${cluster}" of project "${project}" was not found: register it with: countersign clusters register ${cluster} --project ${project}`,
  )
}

/** RESOURCE_EXHAUSTED beyond what one evaluation may verify. */
function boundChecks(check: AttestationChecker): AttestationChecker {
  let checked = 0
  return async (...asked) => {
    if (++checked <= MAX_CHECKS) return await check(...asked)
    throw new StatusError(
      'RESOURCE_EXHAUSTED',
      `Cannot evaluate: more than ${MAX_CHECKS} attestations would be verified, ask about fewer workloads at once`,
    )
  }
}
