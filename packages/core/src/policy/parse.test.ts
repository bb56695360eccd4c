import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { formatPath } from '../parsed.ts'
import { DEFAULT_POLICY } from './default-policy.ts'
import { formatPolicy } from './format.ts'
import { parsePolicy, parsePolicyEnvelope } from './parse.ts'
import type { AdmissionRule, Policy } from './policy.ts'

const VECTORS = new URL('../../../../vectors/policy/', import.meta.url)
const CASES = readdirSync(VECTORS, { withFileTypes: true }).filter((entry) => entry.isDirectory())
const DENY = { evaluationMode: 'ALWAYS_DENY', enforcementMode: 'ENFORCED_BLOCK_AND_AUDIT_LOG' }

function read(folder: string, file: string): unknown {
  return JSON.parse(readFileSync(new URL(`${folder}/${file}`, VECTORS), 'utf8'))
}

function sentence(folder: string): string {
  return readFileSync(new URL(`${folder}/README.md`, VECTORS), 'utf8').trim()
}

function messages(tree: unknown): readonly string[] {
  const parsed = parsePolicy(tree)
  return parsed.ok ? [] : parsed.issues.map(({ path, message }) => `${formatPath(path)}: ${message}`)
}

describe('parsePolicy()', () => {
  for (const { name } of CASES.filter((entry) => !entry.name.endsWith('_fail'))) {
    test(`accepts ${name}: ${sentence(name)}`, () => {
      const parsed = parsePolicy(read(name, 'policy.json'))
      assert.ok(parsed.ok, JSON.stringify(parsed))
      assert.deepEqual(formatPolicy(parsed.value), read(name, 'formatted.json'))
    })
  }

  for (const { name } of CASES.filter((entry) => entry.name.endsWith('_fail'))) {
    test(`refuses ${name.slice(0, -'_fail'.length)}: ${sentence(name)}`, () => {
      const parsed = parsePolicy(read(name, 'policy.json'))
      assert.ok(!parsed.ok)
      assert.deepEqual(
        parsed.issues.map(({ path }) => path),
        read(name, 'issues.json'),
      )
    })
  }

  test('reads the default policy as it is', () => {
    const parsed = parsePolicy(formatPolicy(DEFAULT_POLICY))
    assert.ok(parsed.ok)
    assert.deepEqual(parsed.value, DEFAULT_POLICY)
  })

  test('says which value a boolean means', () => {
    assert.deepEqual(messages({ globalPolicyEvaluationMode: true, defaultAdmissionRule: DENY }), [
      'globalPolicyEvaluationMode: Expected ENABLE or DISABLE; found true, write ENABLE',
    ])
    assert.deepEqual(messages({ globalPolicyEvaluationMode: 'off', defaultAdmissionRule: DENY }), [
      'globalPolicyEvaluationMode: Expected ENABLE or DISABLE; found the text "off", write DISABLE',
    ])
    assert.deepEqual(messages({ defaultAdmissionRule: { evaluationMode: true, enforcementMode: false } }), [
      'defaultAdmissionRule.evaluationMode: Expected ALWAYS_ALLOW, REQUIRE_ATTESTATION or ALWAYS_DENY; found true, write ALWAYS_ALLOW',
      'defaultAdmissionRule.enforcementMode: Expected ENFORCED_BLOCK_AND_AUDIT_LOG or DRYRUN_AUDIT_LOG_ONLY; found false, write DRYRUN_AUDIT_LOG_ONLY',
    ])
  })

  test('guesses what was meant', () => {
    assert.deepEqual(messages({ admissionAllowlistPatterns: [], defaultAdmissionRule: { ...DENY, evaluationMode: 'alwaysDeny' } }), [
      'admissionAllowlistPatterns: Unknown field, did you mean admissionWhitelistPatterns?',
      'defaultAdmissionRule.evaluationMode: Expected ALWAYS_ALLOW, REQUIRE_ATTESTATION or ALWAYS_DENY; found the text "alwaysDeny", did you mean ALWAYS_DENY?',
    ])
  })

  test('warns of what is seldom meant, without refusing it', () => {
    const parsed = parsePolicy({ admissionWhitelistPatterns: [{ namePattern: 'gcr.io/my-project**' }], defaultAdmissionRule: DENY })
    assert.ok(parsed.ok)
    assert.deepEqual(parsed.notes?.map(({ path }) => path)[0], ['admissionWhitelistPatterns', 0, 'namePattern'])
  })

  test('stops at its bounds and says so', () => {
    const patterns = Array.from({ length: 100_001 }, () => ({ namePattern: 'gcr.io/p/*' }))
    assert.deepEqual(messages({ admissionWhitelistPatterns: patterns, defaultAdmissionRule: DENY }), [
      'admissionWhitelistPatterns: Expected at most 100000 items, found 100001',
    ])
    const rules = Object.fromEntries(Array.from({ length: 10_001 }, (_, index) => [`n${index}`, DENY]))
    assert.deepEqual(messages({ kubernetesNamespaceAdmissionRules: rules, defaultAdmissionRule: DENY }), [
      'kubernetesNamespaceAdmissionRules: Expected at most 10000 rules, found 10001',
    ])
    const attestors = Array.from({ length: 201 }, (_, index) => `projects/p1/attestors/a${index}`)
    assert.deepEqual(messages({ defaultAdmissionRule: { ...DENY, requireAttestationsBy: attestors } }), [
      'defaultAdmissionRule.requireAttestationsBy: Expected at most 200 items, found 201',
    ])
  })

  test('gives at most 100 issues', () => {
    const tree = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`f${index}`, 1]))
    assert.equal(messages(tree).length, 100)
  })

  test('never throws, whatever the tree, and a deep one costs nothing', () => {
    fc.assert(fc.property(fc.anything({ withNullPrototype: true, withSparseArray: true }), (tree) => void parsePolicy(tree)))
    fc.assert(fc.property(nearPolicies(), (tree) => void parsePolicy(tree)))
    let deep: unknown = 1
    for (let level = 0; level < 100_000; level++) deep = { clusterAdmissionRules: deep, defaultAdmissionRule: deep }
    assert.equal(parsePolicy(deep).ok, false)
  })

  test('leaves Object.prototype alone', () => {
    parsePolicy(JSON.parse('{"__proto__": {"evaluationMode": "ALWAYS_ALLOW"}, "clusterAdmissionRules": {"__proto__": {"x": 1}}}'))
    assert.equal(({} as Record<string, unknown>)['evaluationMode'], undefined)
    const inherited = Object.create({ defaultAdmissionRule: DENY })
    assert.deepEqual(messages(inherited), ['defaultAdmissionRule: Field is required: write a rule with evaluationMode and enforcementMode'])
  })

  test('after formatPolicy() gives the same policy', () => {
    fc.assert(
      fc.property(policies(), (policy) => {
        const parsed = parsePolicy(JSON.parse(JSON.stringify(formatPolicy(policy))))
        assert.ok(parsed.ok, JSON.stringify(parsed))
        assert.deepEqual(parsed.value, policy)
      }),
    )
  })
})

describe('parsePolicyEnvelope()', () => {
  test('§1.8: gives back what only the service writes', () => {
    const parsed = parsePolicyEnvelope(read('exported', 'policy.json'))
    assert.ok(parsed.ok)
    const { policy: _, ...written } = parsed.value
    assert.deepEqual(written, { name: 'projects/p1/policy', etag: '"Gt8iumzkM0IC"', updateTime: '2024-05-12T05:12:08.150271Z' })
  })

  test('ignores an update time that a YAML reader made a date of', () => {
    assert.ok(parsePolicyEnvelope({ defaultAdmissionRule: DENY, updateTime: new Date(0) }).ok)
  })
})

describe('formatPolicy()', () => {
  test('§1.1: writes the fields in the order of the message', () => {
    const tree = formatPolicy({ ...DEFAULT_POLICY, description: 'd' }, { name: 'projects/p1/policy', updateTime: 't', etag: 'e' })
    assert.deepEqual(Object.keys(tree), ['name', 'description', 'globalPolicyEvaluationMode', 'defaultAdmissionRule', 'updateTime', 'etag'])
  })
})

function rules(): fc.Arbitrary<AdmissionRule> {
  const enforcementMode = fc.constantFrom('ENFORCED_BLOCK_AND_AUDIT_LOG' as const, 'DRYRUN_AUDIT_LOG_ONLY' as const)
  const names = fc.uniqueArray(fc.stringMatching(/^projects\/p[a-z0-9]{0,3}\/attestors\/[a-z0-9]{1,3}$/), { minLength: 1, maxLength: 4 })
  const plain = fc.record(
    {
      evaluationMode: fc.constantFrom('ALWAYS_ALLOW' as const, 'ALWAYS_DENY' as const),
      requireAttestationsBy: fc.constant([]),
      enforcementMode,
    },
    { noNullPrototype: true },
  )
  const required = fc.record(
    { evaluationMode: fc.constant('REQUIRE_ATTESTATION' as const), requireAttestationsBy: names, enforcementMode },
    { noNullPrototype: true },
  )
  return fc.oneof(plain, required) as fc.Arbitrary<AdmissionRule>
}

function policies(): fc.Arbitrary<Policy> {
  const key = {
    clusterAdmissionRules: /^[a-z]{1,2}\.[a-z0-9]{1,3}$/,
    kubernetesNamespaceAdmissionRules: /^[a-z0-9]{1,3}$/,
    kubernetesServiceAccountAdmissionRules: /^[a-z0-9]{1,3}:[a-z]{1,2}$/,
    istioServiceIdentityAdmissionRules: /^[a-z]\.[a-z]\/ns\/[a-z]\/sa\/[a-z]$/,
  }
  const used = fc.constantFrom(...(Object.keys(key) as (keyof typeof key)[]))
  const maps = used.chain((field) =>
    fc.dictionary(fc.stringMatching(key[field]), rules(), { noNullPrototype: true, maxKeys: 4 }).map((map) => ({ [field]: map })),
  )
  const pattern = fc.stringMatching(/^[a-z]\.io\/[a-z/]{1,4}\*{0,2}$/).map((namePattern) => ({ namePattern }))
  const base = fc.record(
    {
      description: fc.string({ minLength: 1, maxLength: 20 }),
      globalPolicyEvaluationMode: fc.constantFrom('ENABLE' as const, 'DISABLE' as const, 'GLOBAL_POLICY_EVALUATION_MODE_UNSPECIFIED' as const),
      admissionWhitelistPatterns: fc.array(pattern, { maxLength: 6 }),
      defaultAdmissionRule: rules(),
    },
    { requiredKeys: ['globalPolicyEvaluationMode', 'admissionWhitelistPatterns', 'defaultAdmissionRule'], noNullPrototype: true },
  )
  return fc.tuple(base, maps).map(([policy, map]) => ({ ...DEFAULT_POLICY, ...policy, ...map }) as Policy)
}

/** Trees that have the right names in wrong places, so that every reader meets every type. */
function nearPolicies(): fc.Arbitrary<unknown> {
  const names = ['name', 'etag', 'defaultAdmissionRule', 'default_admission_rule', 'clusterAdmissionRules', 'l.c', 'evaluationMode', '__proto__']
  const more = [
    'requireAttestationsBy',
    'enforcementMode',
    'admissionWhitelistPatterns',
    'namePattern',
    'istioServiceIdentityAdmissionRules',
    'constructor',
  ]
  const leaf = fc.oneof(fc.constantFrom('ALWAYS_ALLOW', 'REQUIRE_ATTESTATION', 'gcr.io/*', 'projects/p1/attestors/a', true, null, 1), fc.string())
  const key = fc.constantFrom(...names, ...more)
  return fc.letrec((tie) => ({
    tree: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('tree'), { maxLength: 3 }), fc.dictionary(key, tie('tree'), { maxKeys: 5 })),
  })).tree
}
