import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { request } from '@countersign/core/admission/testing/admission.ts'
import type { AdmissionRequest } from '@countersign/core/admission/request.ts'
import type { Policy } from '@countersign/core/policy/policy.ts'
import { admit } from './admit.ts'
import { Facts } from './facts/facts.ts'
import type { Recorder } from './record/recorder.ts'
import * as make from './testing/factories.ts'
import { MemoryWorld } from './testing/memory-world.ts'
import { compileWorld } from './world/world.ts'

const HUNG: Recorder = { record: () => {}, close: () => {} }
const ALLOW = make.rule({ evaluationMode: 'ALWAYS_ALLOW' })
const breakGlass = { via: 'LABEL', key: 'image-policy.k8s.io/break-glass', value: 'true' } as const

async function admitOnHungDisk(policy: Policy, over: Partial<AdmissionRequest> = {}, source = new MemoryWorld()) {
  const { attestor, named } = make.attestorWithKey()
  const world = make.projectWorld({ policy, attestors: { [attestor.name]: named } })
  const project = compileWorld(0, [world]).projects.get(make.PROJECT)
  assert.ok(project !== undefined)
  const asked = { request: request([make.IMAGE], over), project, now: 0, deadlineMs: 1, caller: { verifiedBy: 'URL_SEGMENT' } } as const
  return await admit(asked, { facts: new Facts(source, 1e6), recorder: HUNG, imageReviewMustShow: [] })
}

describe('admit() on a disk that hangs', () => {
  it('does not decide what a rule enforces, when an answer would come too late', async () => {
    const { decision, unrecorded, receiptDigest } = await admitOnHungDisk(make.policy({ defaultAdmissionRule: ALLOW }))
    assert.deepEqual([decision.outcome, decision.reason, decision.undecided], ['UNDECIDED', 'COULD_NOT_DECIDE', { code: 'DEADLINE_EXCEEDED' }])
    assert.deepEqual([unrecorded, receiptDigest], ['SPOOL_UNAVAILABLE', undefined])
  })

  it('§8: lets break-glass and dry run in, and says that it is not recorded', async () => {
    const glass = await admitOnHungDisk(make.policy(), { breakGlass })
    const dryRun = await admitOnHungDisk(make.policy({ defaultAdmissionRule: make.rule({ enforcementMode: 'DRYRUN_AUDIT_LOG_ONLY' }) }))
    assert.deepEqual([glass.decision.reason, glass.unrecorded], ['BREAK_GLASS', 'SPOOL_UNAVAILABLE'])
    assert.deepEqual([dryRun.decision.reason, dryRun.unrecorded], ['DRY_RUN', 'SPOOL_UNAVAILABLE'])
  })

  it('answers although the store hangs too', async () => {
    const { attestor } = make.attestorWithKey()
    const source = new MemoryWorld()
    source.beforeAnswer = () => new Promise(() => {})
    const { decision } = await admitOnHungDisk(make.policy({ defaultAdmissionRule: make.attestedBy(attestor.name) }), {}, source)
    assert.deepEqual([decision.outcome, decision.undecided], ['UNDECIDED', { code: 'DEADLINE_EXCEEDED' }])
  })

  it('waits for nothing where nothing is recorded', () => {
    return admitOnHungDisk(make.policy({ defaultAdmissionRule: ALLOW }), { serverDryRun: true }).then(({ decision, unrecorded }) =>
      assert.deepEqual([decision.outcome, unrecorded], ['ALLOWED', undefined]),
    )
  })
})
