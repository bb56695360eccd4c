import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProjectId } from '../name/resource-name.ts'
import { formatChangeEntry, serviceOf } from './change-entry.ts'

test('§6.7: a change of the policy is an admin-activity entry with its full gRPC name and its permissions', () => {
  const methodName = 'google.cloud.binaryauthorization.v1.BinauthzManagementServiceV1.UpdatePolicy'
  const permission = { permission: 'binaryauthorization.policy.update', resource: 'projects/p1/policy', granted: true }
  const entry = formatChangeEntry({
    project: 'p1' as ProjectId,
    methodName,
    resourceName: 'projects/p1/policy',
    principal: 'token:admin',
    permissions: [permission],
    request: { policy: {} },
    insertId: 'i',
    timestamp: '2026-01-31T12:00:00.000000Z',
  })
  assert.deepEqual(entry, {
    logName: 'projects/p1/logs/cloudaudit.googleapis.com%2Factivity',
    insertId: 'i',
    timestamp: '2026-01-31T12:00:00.000000Z',
    severity: 'NOTICE',
    resource: { type: 'audited_resource', labels: { project_id: 'p1', service: 'binaryauthorization.googleapis.com', method: methodName } },
    protoPayload: {
      '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
      serviceName: 'binaryauthorization.googleapis.com',
      methodName,
      resourceName: 'projects/p1/policy',
      authenticationInfo: { principalEmail: 'token:admin' },
      authorizationInfo: [permission],
      status: {},
      request: { policy: {} },
    },
  })
})

const SERVICES: readonly (readonly [string, string])[] = [
  ['google.cloud.binaryauthorization.v1beta1.BinauthzManagementServiceV1Beta1.DeleteAttestor', 'binaryauthorization.googleapis.com'],
  ['grafeas.v1.Grafeas.CreateNote', 'containeranalysis.googleapis.com'],
  ['grafeas.v1beta1.GrafeasV1Beta1.CreateOccurrence', 'containeranalysis.googleapis.com'],
  ['google.devtools.containeranalysis.v1.ContainerAnalysis.SetIamPolicy', 'containeranalysis.googleapis.com'],
  ['countersign.v1.Projects.CreateProject', 'countersign'],
]
for (const [method, service] of SERVICES) test(`serviceOf(): ${method}`, () => assert.equal(serviceOf(method), service))
