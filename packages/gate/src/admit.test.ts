import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { request } from '@countersign/core/admission/testing/admission.ts'
import type { UndecidedReason } from '@countersign/core/admission/decision.ts'
import type { AdmissionRequest } from '@countersign/core/admission/request.ts'
import type { Policy } from '@countersign/core/policy/policy.ts'
import { admit } from './admit.ts'
import { Facts } from './facts/facts.ts'
import type { Recorder } from './record/recorder.ts'
import type { Admission, Answering } from './waiting-answer.ts'
import * as make from './testing/factories.ts'
import { MemoryWorld } from './testing/memory-world.ts'
import { compileWorld } from './world/world.ts'

const HUNG: Recorder = { record: () => {}, close: () => {} }
/** Answers by what the gate knows of an admission that it answers. */
const AS_IT_IS: Answering<{ readonly admission: Admission } | { readonly undecided: UndecidedReason }> = {
  prepare: (admission) => () => ({ admission }),
  prepareUndecided: (undecided) => () => ({ undecided }),
}
const ALLOW = make.rule({ evaluationMode: 'ALWAYS_ALLOW' })
const breakGlass = { via: 'LABEL', key: 'image-policy.k8s.io/break-glass', value: 'true' } as const

async function admitOnHungDisk(policy: Policy, over: Partial<AdmissionRequest> = {}, source = new MemoryWorld(), recorder = HUNG, deadlineMs = 1) {
  const { attestor, named } = make.attestorWithKey()
  const world = make.projectWorld({ policy, attestors: { [attestor.name]: named } })
  const project = compileWorld(0, [world]).projects.get(make.PROJECT)
  assert.ok(project !== undefined)
  const asked = { request: request([make.IMAGE], over), project, now: 0, deadlineMs, caller: { verifiedBy: 'URL_SEGMENT' } } as const
  const answer = await admit(asked, { facts: new Facts(source, 1e6), recorder, imageReviewMustShow: [] }, AS_IT_IS)
  return answer()
}

describe('admit() on a disk that hangs', () => {
  it('does not decide what a rule enforces, when an answer would come too late', async () => {
    assert.deepEqual(await admitOnHungDisk(make.policy({ defaultAdmissionRule: ALLOW })), { undecided: { code: 'DEADLINE_EXCEEDED' } })
  })

  it('§8: lets break-glass and dry run in, and says that it is not recorded', async () => {
    const glass = await admitOnHungDisk(make.policy(), { breakGlass })
    const dryRun = await admitOnHungDisk(make.policy({ defaultAdmissionRule: make.rule({ enforcementMode: 'DRYRUN_AUDIT_LOG_ONLY' }) }))
    assert.deepEqual(shown(glass), ['BREAK_GLASS', 'SPOOL_UNAVAILABLE', undefined])
    assert.deepEqual(shown(dryRun), ['DRY_RUN', 'SPOOL_UNAVAILABLE', undefined])
  })

  it('answers although the store hangs too', async () => {
    const { attestor } = make.attestorWithKey()
    const source = new MemoryWorld()
    source.beforeAnswer = () => new Promise(() => {})
    const answer = await admitOnHungDisk(make.policy({ defaultAdmissionRule: make.attestedBy(attestor.name) }), {}, source)
    assert.deepEqual(answer, { undecided: { code: 'DEADLINE_EXCEEDED' } })
  })

  it('waits for nothing where nothing is recorded', () => {
    return admitOnHungDisk(make.policy({ defaultAdmissionRule: ALLOW }), { serverDryRun: true }).then((answer) =>
      assert.deepEqual(shown(answer), ['CONFORMS', undefined, undefined]),
    )
  })
})

describe('admit() and the record', () => {
  const allowing = make.policy({ defaultAdmissionRule: ALLOW })
  const recorderOf = (record: Recorder['record']): Recorder => ({ record, close: () => {} })

  it('makes the answer when the receipt has its name, and gives it only once that is durable', async () => {
    const told: string[] = []
    const { promise: durable, resolve } = Promise.withResolvers<void>()
    const recorder = recorderOf((_, { named, settled }) => {
      named('sha256:receipt')
      void durable.then(() => settled('sha256:receipt'))
    })
    const answer = admitOnHungDisk(allowing, {}, undefined, recorder, 60_000).finally(() => told.push('answered'))
    await new Promise(setImmediate)
    told.push('durable')
    resolve()
    assert.deepEqual(shown(await answer), ['CONFORMS', undefined, 'sha256:receipt'])
    assert.deepEqual(told, ['durable', 'answered'])
  })

  it('does not give an answer that is ready, where the record is not written', async () => {
    const recorder = recorderOf((_, { named, settled }) => {
      named('sha256:receipt')
      settled(undefined)
    })
    assert.deepEqual(await admitOnHungDisk(allowing, {}, undefined, recorder, 60_000), { undecided: { code: 'SPOOL_UNAVAILABLE' } })
    assert.deepEqual(shown(await admitOnHungDisk(make.policy(), { breakGlass }, undefined, recorder, 60_000)), [
      'BREAK_GLASS',
      'SPOOL_UNAVAILABLE',
      undefined,
    ])
  })

  it('answers by the receipt with which a denial is counted, though it was not named before', async () => {
    const recorder = recorderOf((_, { settled }) => settled('sha256:first'))
    assert.deepEqual(shown(await admitOnHungDisk(make.policy(), {}, undefined, recorder, 60_000)), ['VIOLATES_POLICY', undefined, 'sha256:first'])
  })

  it('gives the answer of a disk that was too late, and no other when it comes back', async () => {
    const { promise: late, resolve } = Promise.withResolvers<Parameters<Recorder['record']>[1]>()
    const answer = admitOnHungDisk(
      allowing,
      {},
      undefined,
      recorderOf((_, witness) => (witness.named('sha256:receipt'), resolve(witness))),
    )
    assert.deepEqual(await answer, { undecided: { code: 'DEADLINE_EXCEEDED' } })
    ;(await late).settled('sha256:receipt')
    assert.deepEqual(await answer, { undecided: { code: 'DEADLINE_EXCEEDED' } })
  })
})

function shown(answer: Awaited<ReturnType<typeof admitOnHungDisk>>) {
  assert.ok('admission' in answer)
  const { decision, unrecorded, receiptDigest } = answer.admission
  return [decision.reason, unrecorded, receiptDigest]
}
