import type { Timestamp } from '@countersign/core/instant.ts'
import { parsePolicyName } from '@countersign/core/name/resource-name.ts'
import type { ProjectId } from '@countersign/core/name/resource-name.ts'
import { formatIssue } from '@countersign/core/parsed.ts'
import { DEFAULT_POLICY } from '@countersign/core/policy/default-policy.ts'
import { formatPolicy } from '@countersign/core/policy/format.ts'
import { parsePolicyEnvelope } from '@countersign/core/policy/parse.ts'
import type { Policy } from '@countersign/core/policy/policy.ts'
import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Caller } from '../access/caller.ts'
import { requirePermission } from '../access/permission.ts'
import type { Changes, Surroundings } from '../changes/change.ts'
import { newEtag, requireEtag } from '../changes/etag.ts'
import { getValue, invalid } from '../changes/invalid.ts'
import type { KnownProjects } from '../changes/known-project.ts'
import { getProject } from '../changes/known-project.ts'
import { writeChange } from '../changes/write-change.ts'
import { requireReferences } from './attestor-references.ts'
import type { AttestorTables, PolicyTables, StoredPolicy } from './ports.ts'

const METHOD = 'google.cloud.binaryauthorization.v1.BinauthzManagementServiceV1.UpdatePolicy'
const SYSTEM_POLICY_NAME = /^locations\/[a-z0-9-]{1,63}\/policy$/

/** A policy as it holds; etag and time are absent where the project never stored one. */
export interface PolicyView {
  readonly name: string
  readonly policy: Policy
  readonly etag?: string
  readonly updateTime?: Timestamp
}

/** The project's policy by the original's rules (binary-authorization.md §1.7–1.9). Names are `projects/P/policy`. */
export interface Policies {
  /** The default policy where none was ever stored: never NOT_FOUND for a project that exists. */
  getPolicy(caller: Caller, name: string): Promise<PolicyView>
  /** Replaces the policy. `body` is the v1 message as proto3 JSON; its etag, where it has one, must be the stored one's (ABORTED). */
  updatePolicy(caller: Caller, name: string, body: unknown): Promise<{ readonly view: PolicyView; readonly warnings: readonly string[] }>
  /** The system policy of a location: `locations/L/policy`, for everybody who may call at all. */
  getSystemPolicy(caller: Caller, name: string): Promise<PolicyView>
}

export interface PolicyPorts {
  readonly changes: Changes<PolicyTables & AttestorTables & KnownProjects>
  readonly surroundings: Surroundings
  readonly systemPolicy: Policy
}

/** Makes the policy half of the policy flow. */
export function makePolicies(ports: PolicyPorts): Policies {
  return {
    getPolicy: (caller, name) => getPolicy(ports, caller, name),
    updatePolicy: (caller, name, body) => updatePolicy(ports, caller, { name, body }),
    getSystemPolicy: async (_caller, name) => systemPolicyView(ports, name),
  }
}

async function getPolicy(ports: PolicyPorts, caller: Caller, name: string): Promise<PolicyView> {
  const project = getValue(parsePolicyName(name))
  requirePermission(caller, 'binaryauthorization.policy.get', nameOf(project))
  return await ports.changes.read(async (tables) => {
    await getProject(tables, project)
    const stored = await tables.findPolicy(project)
    return stored === undefined ? { name: nameOf(project), policy: DEFAULT_POLICY } : viewOf(stored)
  })
}

async function updatePolicy(
  ports: PolicyPorts,
  caller: Caller,
  asked: { readonly name: string; readonly body: unknown },
): Promise<{ view: PolicyView; warnings: readonly string[] }> {
  const project = getValue(parsePolicyName(asked.name))
  const grant = requirePermission(caller, 'binaryauthorization.policy.update', nameOf(project))
  const parsed = parsePolicyEnvelope(asked.body)
  if (!parsed.ok) throw invalid(parsed.issues, 'Policy is not valid')
  const { policy, etag } = parsed.value
  const stored = await ports.changes.commit(async (tables) => {
    await getProject(tables, project)
    const grants = [grant, ...(await requireReferences(tables, caller, policy))]
    requireEtag(etag, (await tables.findPolicy(project))?.etag, `the policy of project "${project}"`)
    const version = newVersion(ports, project, policy)
    await tables.putPolicy(version)
    await writeChange(
      tables,
      { project, kind: 'POLICY', name: nameOf(project), etag: version.etag, operation: 'UPDATE' },
      { methodName: METHOD, principal: caller.principal, permissions: grants, response: messageOf(version), time: ports.surroundings.timestamp() },
    )
    return version
  })
  return { view: viewOf(stored), warnings: (parsed.notes ?? []).map(formatIssue) }
}

function newVersion({ surroundings }: PolicyPorts, project: ProjectId, policy: Policy): StoredPolicy {
  return { project, policy, etag: newEtag(surroundings), updateTime: surroundings.timestamp() }
}

function systemPolicyView(ports: PolicyPorts, name: string): PolicyView {
  if (SYSTEM_POLICY_NAME.test(name)) return { name, policy: ports.systemPolicy }
  throw new StatusError('INVALID_ARGUMENT', `system policy name must be in the form "locations/[LOCATION]/policy", got ${quote(name)}`)
}

/** The v1 message, as the API answers. */
function messageOf({ project, policy, etag, updateTime }: StoredPolicy): unknown {
  return formatPolicy(policy, { name: nameOf(project), updateTime, etag })
}

function viewOf({ project, policy, etag, updateTime }: StoredPolicy): PolicyView {
  return { name: nameOf(project), policy, etag, updateTime }
}

function nameOf(project: ProjectId): string {
  return `projects/${project}/policy`
}
