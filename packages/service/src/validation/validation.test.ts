import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SYSTEM_POLICY } from '@countersign/core/policy/system-policy.ts'
import { ADMIN, callerOf } from '../testing/callers.ts'
import { ATTESTATION_NOTE, DIGEST } from '../testing/metadata-world.ts'
import { attestorOf, DENY_ALL, makePolicyWorld, makeTestKey, requiring, signAttestation } from '../testing/policy-world.ts'
import { refusalOf } from '../testing/thrown.ts'
import { checkWithKeys } from '../testing/check-with-keys.ts'
import { evaluatePolicy } from './evaluate-policy.ts'
import type { EvaluationRequest } from './evaluate-policy.ts'
import { validateAttestationOccurrence } from './validate-attestation.ts'

const ATTESTOR = 'projects/p1/attestors/a'
const NOTE = 'projects/p1/notes/qa'
const IMAGE = `registry.example/app@${DIGEST}`

async function arrange() {
  const world = await makePolicyWorld()
  const key = makeTestKey('key-1')
  await world.attestors.createAttestor(ADMIN, { parent: 'projects/p1', attestorId: 'a', attestor: attestorOf(key.message) })
  const ports = {
    changes: world.store.changes,
    feed: world.store.feed,
    checkAttestation: checkWithKeys,
    systemPolicy: SYSTEM_POLICY,
    surroundings: world.surroundings,
  }
  const validate = (change: object = {}) =>
    validateAttestationOccurrence(ports, callerOf('viewer', 'p1'), {
      attestor: ATTESTOR,
      attestation: signAttestation(key, 'key-1', DIGEST),
      occurrenceNote: NOTE,
      occurrenceResourceUri: `https://${IMAGE}`,
      ...change,
    })
  const evaluate = (change: Partial<EvaluationRequest>) =>
    evaluatePolicy(ports, ADMIN, { name: 'projects/p1/policy', subject: { images: [IMAGE] }, ...change })
  const attest = () =>
    world.occurrences.createOccurrence(ADMIN, 'projects/p1', {
      noteName: NOTE,
      resourceUri: IMAGE,
      attestation: signAttestation(key, 'key-1', DIGEST),
    })
  return { ...world, key, validate, evaluate, attest }
}

test('§2.6: a good signature is VERIFIED, stored or not', async () => {
  const { validate } = await arrange()
  assert.deepEqual(await validate(), { result: 'VERIFIED' })
})

test('§6.4: what does not count is told in the original’s words, with the exact cause', async () => {
  const { validate, key } = await arrange()
  const opening = 'No attestations found that were valid and signed by a key trusted by the attestor'
  const cases: readonly (readonly [object, RegExp, readonly string[]])[] = [
    [{ attestation: signAttestation(key, 'key-2', DIGEST) }, /its key is none of the attestor's keys/, ['UNKNOWN_KEY']],
    [{ attestation: signAttestation(makeTestKey(), 'key-1', DIGEST) }, /the signature does not fit/, ['BAD_SIGNATURE']],
    [{ attestation: signAttestation(key, 'key-1', `sha256:${'cd'.repeat(32)}`) }, /it attests another digest/, ['OTHER_DIGEST']],
    [{ attestation: {} }, /it carries no signature/, ['NO_SIGNATURE']],
    [
      { occurrenceNote: 'projects/p1/notes/other' },
      /hangs on note "projects\/p1\/notes\/other", the attestor trusts note "projects\/p1\/notes\/qa"/,
      [],
    ],
  ]
  for (const [change, reason, causes] of cases) {
    const answer = await validate(change)
    assert.equal(answer.result, 'ATTESTATION_NOT_VERIFIABLE')
    assert.ok(answer.result === 'ATTESTATION_NOT_VERIFIABLE' && answer.denialReason.startsWith(`${opening}: `))
    assert.match(answer.denialReason, reason)
    assert.deepEqual(answer.causes, causes)
  }
  const byTag = await validate({ occurrenceResourceUri: 'https://registry.example/app:v1' })
  assert.deepEqual(byTag, {
    result: 'ATTESTATION_NOT_VERIFIABLE',
    denialReason: 'Expected digest with sha256 scheme, but got tag or malformed digest',
    causes: [],
  })
})

test('validateAttestationOccurrence() refuses what is no question', async () => {
  const { validate } = await arrange()
  assert.equal((await refusalOf(validate({ attestor: 'projects/p1/attestors/x' }))).code, 'NOT_FOUND')
  assert.equal((await refusalOf(validate({ attestor: 'projects/p12/attestors/a' }))).code, 'PERMISSION_DENIED')
  assert.equal((await refusalOf(validate({ attestation: undefined }))).code, 'INVALID_ARGUMENT')
  assert.equal((await refusalOf(validate({ occurrenceResourceUri: '' }))).code, 'INVALID_ARGUMENT')
})

test('evaluatePolicy(): the default policy allows, deny-all denies with the text a user would read', async () => {
  const { evaluate, policies } = await arrange()
  assert.equal((await evaluate({}))[0]?.decision.outcome, 'ALLOWED')
  await policies.updatePolicy(ADMIN, 'projects/p1/policy', DENY_ALL)
  const [denied] = await evaluate({})
  assert.equal(denied?.decision.outcome, 'DENIED')
  assert.equal(denied?.message, `Image ${IMAGE} denied by Binary Authorization default admission rule. Denied by always_deny admission rule`)
})

test('evaluatePolicy(): an attestation turns a denial into an admission, and leaves no record', async () => {
  const { evaluate, policies, attest, store } = await arrange()
  await policies.updatePolicy(ADMIN, 'projects/p1/policy', requiring(ATTESTOR))
  const [before] = await evaluate({})
  assert.equal(before?.decision.outcome, 'DENIED')
  assert.equal(before?.warnings.length, 1)
  await attest()
  const head = await store.feed.head()
  assert.equal((await evaluate({}))[0]?.decision.outcome, 'ALLOWED')
  assert.equal(await store.feed.head(), head)
})

test('a note created again under its name gives its attestor nothing, neither what hung on the old one nor what hangs on the new', async () => {
  const { evaluate, policies, attest, notes, validate } = await arrange()
  await policies.updatePolicy(ADMIN, 'projects/p1/policy', requiring(ATTESTOR))
  await attest()
  await notes.deleteNote(ADMIN, NOTE)
  assert.equal((await evaluate({}))[0]?.decision.outcome, 'DENIED')
  await notes.createNote(ADMIN, { parent: 'projects/p1', noteId: 'qa', note: ATTESTATION_NOTE })
  await attest()
  assert.equal((await evaluate({}))[0]?.decision.outcome, 'DENIED')
  assert.equal((await validate()).result, 'ATTESTATION_NOT_VERIFIABLE')
})

test('an attestor deleted and created again with another key trusts nothing that the first one did', async () => {
  const { evaluate, policies, attest, attestors } = await arrange()
  await policies.updatePolicy(ADMIN, 'projects/p1/policy', requiring(ATTESTOR))
  await attest()
  await attestors.deleteAttestor(ADMIN, ATTESTOR)
  assert.equal((await evaluate({}))[0]?.decision.outcome, 'DENIED')
  await attestors.createAttestor(ADMIN, { parent: 'projects/p1', attestorId: 'a', attestor: attestorOf(makeTestKey('key-1').message) })
  assert.equal((await evaluate({}))[0]?.decision.outcome, 'DENIED')
})

test('evaluatePolicy() verifies a bounded number of attestations, and says so', async () => {
  const { policies, evaluate, occurrences, key } = await arrange()
  await policies.updatePolicy(ADMIN, 'projects/p1/policy', requiring(ATTESTOR))
  for (const host of ['a.example', 'b.example', 'c.example']) {
    const attestation = signAttestation(key, 'key-1', DIGEST)
    await occurrences.createOccurrence(ADMIN, 'projects/p1', { noteName: NOTE, resourceUri: `${host}/app@${DIGEST}`, attestation })
  }
  const item = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: { containers: [{ name: 'c', image: IMAGE }] } }
  const list = (length: number) => ({ resource: { apiVersion: 'v1', kind: 'List', items: Array.from({ length }, () => item) } })
  assert.equal((await evaluate({ subject: list(20) })).length, 20)
  const refused = await refusalOf(evaluate({ subject: list(700) }))
  assert.equal(refused.code, 'RESOURCE_EXHAUSTED')
})

test('evaluatePolicy() judges each workload of a list, and may try another policy', async () => {
  const { evaluate } = await arrange()
  const pod = (name: string, namespace: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: { containers: [{ name: 'c', image: IMAGE }] },
  })
  const rule = { evaluationMode: 'ALWAYS_ALLOW', enforcementMode: 'ENFORCED_BLOCK_AND_AUDIT_LOG' }
  const policy = { ...DENY_ALL, kubernetesNamespaceAdmissionRules: { dev: rule } }
  const subject = { resource: { apiVersion: 'v1', kind: 'List', items: [pod('a', 'dev'), pod('b', 'prod')] } }
  const judged = await evaluate({ subject, policy })
  assert.deepEqual(
    judged.map((one) => [one.subject, one.decision.outcome]),
    [
      ['Pod/a', 'ALLOWED'],
      ['Pod/b', 'DENIED'],
    ],
  )
})

test('evaluatePolicy() never decides for a cluster that nobody registered', async () => {
  const { evaluate, clusters } = await arrange()
  assert.equal((await refusalOf(evaluate({ cluster: 'local.c' }))).code, 'NOT_FOUND')
  await clusters.registerCluster(ADMIN, 'p1', { key: 'local.c' })
  assert.equal((await evaluate({ cluster: 'local.c' }))[0]?.decision.outcome, 'ALLOWED')
  assert.equal((await refusalOf(evaluate({ name: 'projects/p9/policy' }))).code, 'NOT_FOUND')
  assert.equal((await refusalOf(evaluate({ subject: { resource: 'x' } }))).code, 'INVALID_ARGUMENT')
})
