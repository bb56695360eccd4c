import { evidence } from '@countersign/core/admission/testing/admission.ts'
import type { AttestorTables, PolicyTables } from '../policy/ports.ts'
import { getValue } from '../changes/invalid.ts'
import { parseProjectId } from '@countersign/core/name/resource-name.ts'
import type { Changes } from '../changes/change.ts'

const TIME = '2026-01-31T11:00:00.000000Z'

/** Keeps, in project p1, the versions that the receipts of `makeDecisionRows` name. */
export async function keepVersions(changes: Changes<PolicyTables & AttestorTables>): Promise<void> {
  const { policy, attestors } = evidence([])
  await changes.commit(async (tables) => {
    await tables.putPolicy({ project: getValue(parseProjectId('p1')), policy: policy.policy, etag: policy.etag, updateTime: TIME })
    for (const state of Object.values(attestors))
      if (state.state === 'PRESENT') await tables.putAttestor({ attestor: state.attestor, etag: state.etag, updateTime: TIME })
  })
}
