import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkAttestation } from '@countersign/evidence/attestation/check-attestation.ts'
import { formatSignaturePayload } from '@countersign/evidence/payload/signature-payload.ts'
import type { Discovery } from '@countersign/core/vulnerability/discovery.ts'
import type { Finding } from '@countersign/core/vulnerability/finding.ts'
import { finding, IMAGE, SCANNER, strictPolicy } from '@countersign/core/vulnerability/testing/finding.ts'
import type { SigningKey } from './ports.ts'
import type { SignPart } from './sign-image.ts'
import { signImage } from './sign-image.ts'
import { digestOf, discovery, makeAttestations, makeClock, makeKey, scansOf } from './testing/signing-world.ts'

const DIGEST = digestOf(IMAGE)
const PAYLOAD = formatSignaturePayload({ repository: 'gcr.io/p1/app', digest: DIGEST })
const KEY = await makeKey()

function check(found: readonly Discovery[], findings: readonly Finding[] = []) {
  return { scans: scansOf([found], findings), policy: strictPolicy({ maximumFixableSeverity: 'HIGH' }), timeoutMs: 0 }
}

function sign(overrides: Partial<SignPart> = {}, key: SigningKey = KEY) {
  return { attestations: makeAttestations(`https://${IMAGE}`), digest: DIGEST, payload: PAYLOAD, key, enough: 'SAME_KEY' as const, ...overrides }
}

describe('signImage()', () => {
  test('a clean scan is signed, and what is stored passes a gate’s check', async () => {
    const attestations = makeAttestations(`https://${IMAGE}`)
    const result = await signImage(makeClock(), { image: IMAGE, check: check([discovery('FINISHED_SUCCESS')]), sign: [sign({ attestations })] })
    assert.equal(result.check?.verdict.outcome, 'CONFORMS')
    assert.deepEqual(result.attestations[0], {
      digest: DIGEST,
      outcome: 'CREATED',
      occurrence: 'projects/p1/occurrences/1',
      publicKeyId: KEY.signer.publicKeyId,
      replaced: [],
    })
    const results = [...attestations.rows.values()].flatMap((row) => checkAttestation(row, KEY.publicKeys, { digest: DIGEST }))
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      ['VERIFIED'],
    )
  })

  const STRANGER = { noteName: 'projects/mallory/notes/scan' }
  for (const [name, found, findings, outcome, reason] of [
    ['no scan', [], [], 'UNDECIDED', { code: 'NOT_SCANNED' }],
    ['a pending scan', [discovery('PENDING')], [], 'UNDECIDED', { code: 'SCAN_PENDING', scanner: SCANNER }],
    [
      'a failed scan',
      [discovery('FINISHED_FAILED', { error: 'no disk' })],
      [],
      'UNDECIDED',
      { code: 'SCAN_FAILED', scanner: SCANNER, cause: 'no disk' },
    ],
    [
      'an unsupported image',
      [discovery('FINISHED_UNSUPPORTED')],
      [],
      'UNDECIDED',
      { code: 'SCAN_UNSUPPORTED', scanner: SCANNER, cause: 'the scanner gives no cause' },
    ],
    [
      'a stranger’s clean scan',
      [discovery('FINISHED_SUCCESS', { scanner: STRANGER })],
      [],
      'UNDECIDED',
      { code: 'SCANNER_UNTRUSTED', scanners: [STRANGER] },
    ],
    ['a violation', [discovery('FINISHED_SUCCESS')], [finding()], 'VIOLATES', undefined],
  ] as const) {
    test(`${name} is not signed`, async () => {
      const attestations = makeAttestations(`https://${IMAGE}`)
      const result = await signImage(makeClock(), { image: IMAGE, check: check(found, findings), sign: [sign({ attestations })] })
      const verdict = result.check?.verdict
      assert.deepEqual([verdict?.outcome, result.attestations, attestations.done], [outcome, [], []])
      if (verdict?.outcome === 'UNDECIDED') assert.deepEqual(verdict.reasons, [reason])
    })
  }

  test('a check alone signs nothing; a signature alone asks for no scan', async () => {
    const checked = await signImage(makeClock(), { image: IMAGE, check: check([discovery('FINISHED_SUCCESS')]) })
    assert.deepEqual([checked.check?.verdict.outcome, checked.attestations], ['CONFORMS', []])
    const signed = await signImage(makeClock(), { image: IMAGE, sign: [sign()] })
    assert.deepEqual(['check' in signed, signed.attestations[0]?.outcome], [false, 'CREATED'])
  })

  test('a note that cannot be used is told before the waiting', async () => {
    const scans = scansOf([[]])
    const attestations = { ...makeAttestations(''), findNote: () => Promise.reject(new Error('not an authority')) }
    await assert.rejects(signImage(makeClock(), { image: IMAGE, check: { ...check([]), scans }, sign: [sign({ attestations })] }), /not an authority/)
    assert.equal(scans.asked(), 0)
  })
})

describe('signImage() of an index', () => {
  const entry = (os: string, architecture: string, found: readonly Discovery[], findings: readonly Finding[] = []) => ({
    platform: { os, architecture },
    digest: DIGEST,
    scans: scansOf([found], findings),
  })
  const run = async (...platforms: readonly ReturnType<typeof entry>[]) => {
    const clock = makeClock()
    const attestations = makeAttestations(`https://${IMAGE}`)
    const options = { policy: strictPolicy({ maximumFixableSeverity: 'HIGH' }), timeoutMs: 5000 }
    const { check: checked } = await signImage(clock, { image: IMAGE, check: { ...options, platforms }, sign: [sign({ attestations })] })
    return [checked?.state, checked?.verdict.outcome, checked?.timedOut, attestations.done.length, clock.waits]
  }
  const DONE = [discovery('FINISHED_SUCCESS')]

  test('DESIGN §3: conforms where every runnable platform was scanned and conforms; what nobody runs is not waited for', async () => {
    assert.deepEqual(await run(entry('linux', 'amd64', DONE), entry('linux', 'arm64', DONE), entry('unknown', 'unknown', [])), [
      'INDEX',
      'CONFORMS',
      false,
      1,
      [],
    ])
  })

  test('one platform that is not scanned leaves all undecided, within one time for all', async () => {
    const waits = [1000, 2000, 2000]
    assert.deepEqual(await run(entry('linux', 'amd64', []), entry('linux', 'arm64', [])), ['INDEX', 'UNDECIDED', true, 0, waits])
  })

  test('one platform that violates is a violation', async () => {
    assert.deepEqual(await run(entry('linux', 'amd64', DONE), entry('linux', 'arm64', DONE, [finding()])), ['INDEX', 'VIOLATES', false, 0, []])
  })

  test('an index of which nothing runs conforms to nothing', async () => {
    assert.deepEqual(await run(entry('unknown', 'unknown', DONE)), ['INDEX', 'UNDECIDED', false, 0, []])
  })

  test('signs in the order of the parts', async () => {
    const [first, second] = [makeAttestations('https://a'), makeAttestations('https://b')]
    const { attestations } = await signImage(makeClock(), { image: IMAGE, sign: [sign({ attestations: first }), sign({ attestations: second })] })
    assert.deepEqual([attestations.length, first.rows.size, second.rows.size], [2, 1, 1])
  })
})

describe('attestImage()', () => {
  const run = async (part: SignPart) => (await signImage(makeClock(), { image: IMAGE, sign: [part] })).attestations[0]

  test('signs once for a key and a payload, however often it is asked', async () => {
    const attestations = makeAttestations(`https://${IMAGE}`)
    const first = await run(sign({ attestations }))
    assert.deepEqual(await run(sign({ attestations })), { ...first, outcome: 'EXISTED' })
    assert.deepEqual(attestations.done, ['create 1'])
  })

  test('another key’s attestation, or a forged one, is not enough; as kritis, it is', async () => {
    const attestations = makeAttestations(`https://${IMAGE}`)
    const signatures = [{ publicKeyId: KEY.signer.publicKeyId, signature: Buffer.from('forged') }]
    await attestations.create({ serializedPayload: PAYLOAD, signatures })
    await run(sign({ attestations }, await makeKey()))
    assert.equal((await run(sign({ attestations, enough: 'ANY_SIGNATURE' })))?.outcome, 'EXISTED')
    assert.equal((await run(sign({ attestations })))?.outcome, 'CREATED')
    assert.equal(attestations.rows.size, 3)
  })

  test('a twin that another signer wrote first is a success', async () => {
    const key = await makeKey('RSA')
    const attestations = makeAttestations(`https://${IMAGE}`)
    await run(sign({ attestations }, key))
    const [row] = attestations.rows.values()
    let lists = 0
    const racing = { ...attestations, list: async () => (lists++ === 0 || row === undefined ? [] : [row]) }
    const { outcome, occurrence } = (await run(sign({ attestations: racing }, key))) ?? {}
    assert.deepEqual([outcome, occurrence], ['EXISTED', 'projects/p1/occurrences/1'])
  })

  test('an absent note is made, after the check and before the attestation', async () => {
    const attestations = makeAttestations(`https://${IMAGE}`)
    attestations.note = 'ABSENT'
    await run(sign({ attestations }))
    assert.deepEqual(attestations.done, ['createNote', 'create 1'])
  })

  test('§1.7 step 1: an attestation without any signature is none, as kritis too', async () => {
    const attestations = makeAttestations(`https://${IMAGE}`)
    await attestations.create({ serializedPayload: PAYLOAD, signatures: [] })
    assert.equal((await run(sign({ attestations, enough: 'ANY_SIGNATURE' })))?.outcome, 'CREATED')
  })

  test('§8.1: a note that cannot be looked at is not made: only an absent one is', async () => {
    const attestations = makeAttestations(`https://${IMAGE}`)
    const hidden = { ...attestations, findNote: () => Promise.reject(new Error('forbidden')) }
    await assert.rejects(run(sign({ attestations: hidden })), /forbidden/)
    assert.deepEqual(attestations.done, [])
  })

  test('§8.1: overwriting writes first, then deletes this key’s earlier ones alone', async () => {
    const attestations = makeAttestations(`https://${IMAGE}`)
    await run(sign({ attestations }))
    await run(sign({ attestations }, await makeKey()))
    const result = await run(sign({ attestations, enough: 'NONE' }))
    assert.deepEqual(result?.replaced, ['projects/p1/occurrences/1'])
    assert.deepEqual(attestations.done, ['create 1', 'create 2', 'create 3', 'delete 1'])
  })

  test('overwriting an attestation that would be the same leaves it', async () => {
    const attestations = makeAttestations(`https://${IMAGE}`)
    const key = await makeKey('RSA')
    await run(sign({ attestations }, key))
    const { outcome, replaced } = (await run(sign({ attestations, enough: 'NONE' }, key))) ?? {}
    assert.deepEqual([outcome, replaced, attestations.rows.size], ['EXISTED', [], 1])
  })

  test('what the store kept otherwise is an error, and nothing is deleted', async () => {
    const attestations = makeAttestations(`https://${IMAGE}`)
    await run(sign({ attestations }))
    const altering = {
      ...attestations,
      get: async (name: string) => ({ ...(await attestations.get(name)), serializedPayload: Buffer.from('{}') }),
    }
    await assert.rejects(run(sign({ attestations: altering, enough: 'NONE' })), { code: 'DATA_LOSS' })
    assert.deepEqual(attestations.done, ['create 1', 'create 2'])
  })

  test('an error of the store is the caller’s', async () => {
    const attestations = makeAttestations(`https://${IMAGE}`)
    const failing = { ...attestations, create: () => Promise.reject(new Error('forbidden')) }
    await assert.rejects(run(sign({ attestations: failing })), /forbidden/)
    assert.equal(attestations.rows.size, 0)
  })
})
