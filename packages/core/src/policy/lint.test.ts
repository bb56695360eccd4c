import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseImageReference } from '../image/reference.ts'
import { formatPath } from '../parsed.ts'
import { DEFAULT_POLICY } from './default-policy.ts'
import { lintPatterns } from './lint-patterns.ts'
import { lintPolicy } from './lint.ts'
import { compilePatterns } from './pattern.ts'
import type { AdmissionRule, Policy } from './policy.ts'
import { SYSTEM_POLICY } from './system-policy.ts'

const DENY: AdmissionRule = { evaluationMode: 'ALWAYS_DENY', requireAttestationsBy: [], enforcementMode: 'ENFORCED_BLOCK_AND_AUDIT_LOG' }
const QUIET: Policy = { ...DEFAULT_POLICY, defaultAdmissionRule: DENY }
const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`

function notesOn(...patterns: readonly string[]): readonly string[] {
  return [...lintPatterns(patterns)].map(({ index, message }) => `${index} ${message}`)
}

function pathsOn(policy: Partial<Policy>): readonly string[] {
  return lintPolicy({ ...QUIET, ...policy }).map(({ path }) => formatPath(path))
}

describe('lintPatterns()', () => {
  test('says nothing of patterns that do what they seem to do', () => {
    const good = ['gcr.io/my-project/*', 'quay.io/team/**', 'r.example/**', `s.example/a@${DIGEST}`, 's.example/b:v1.*', 's.example/c@sha256:ab*']
    assert.deepEqual(notesOn(...good), [])
  })

  const rows: readonly { readonly source: string; readonly pattern: string; readonly note: RegExp }[] = [
    {
      source: '§1.5 row 7, §9 row 21',
      pattern: 'gcr.io/my-project**',
      note: /such as gcr\.io\/my-project-exploit\/x.*write gcr\.io\/my-project\/\*\*/,
    },
    { source: '§9 row 12', pattern: 'docker.io/**', note: /images of anybody/ },
    { source: '§9 row 12', pattern: 'gcr.io/*', note: /images of anybody/ },
    { source: 'DESIGN §13', pattern: 'gcr.io/p/hello', note: /only the exact text.*write gcr\.io\/p\/hello:\* and gcr\.io\/p\/hello@\*/ },
    { source: '§1.5 as written', pattern: 'docker.io/istio/*', note: /docker\.io is often left out.*istio\/\*/ },
    { source: '§1.5 as written', pattern: 'nginx:latest', note: /short form of docker\.io/ },
    { source: '§1.5 as written', pattern: 'istio/*', note: /short form of docker\.io/ },
    { source: '§9 row 1', pattern: 'gcr.io/p/hello:latest', note: /a tag can be pushed again/ },
    { source: 'scheme', pattern: 'https://gcr.io/p/*', note: /can never match.*write gcr\.io\/p\/\*/ },
    { source: 'upper case', pattern: 'gcr.io/My-Project/*', note: /can never match/ },
    { source: 'digest too short', pattern: 'gcr.io/p/a@sha256:abc', note: /can never match/ },
    { source: 'digest in upper case', pattern: 'gcr.io/p/a@sha256:ABC*', note: /can never match/ },
    { source: 'digest too long', pattern: `gcr.io/p/a@${DIGEST}0*`, note: /can never match/ },
    { source: 'two slashes', pattern: 'gcr.io//a*', note: /can never match/ },
  ]
  for (const { source, pattern, note } of rows) {
    test(`${source}: warns of ${pattern.slice(0, 60)}`, () => {
      assert.equal(notesOn(pattern).length, 1)
      assert.match(notesOn(pattern)[0] ?? '', note)
    })
  }

  test('finds patterns that another makes needless', () => {
    const shadowed = (patterns: readonly string[]) =>
      notesOn(...patterns)
        .filter((note) => /adds nothing|twice/.test(note))
        .map((note) => Number(note.split(' ')[0]))
    assert.deepEqual(shadowed(['r.example/a/*', 'r.example/a/*']), [1])
    assert.deepEqual(shadowed(['r.example/a/**', 'r.example/a/*']), [1])
    assert.deepEqual(shadowed(['r.example/a/b/*', 'r.example/a/**']), [0])
    assert.deepEqual(shadowed(['r.example/a/b/**', 'r.example/a/**']), [0])
    assert.deepEqual(shadowed(['r.example/a/b*', 'r.example/a/*']), [0])
    assert.deepEqual(shadowed(['r.example/a/b@sha256:*', 'r.example/a/*']), [0])
    assert.deepEqual(shadowed(['r.example/a/b/*', 'r.example/a/*']), [])
    assert.deepEqual(shadowed(['r.example/a/b/**', 'r.example/a/*']), [])
    assert.deepEqual(shadowed(['r.example/a/', 'r.example/ab/**', 'r.example/abc/*']), [])
  })

  test('never calls a pattern needless or impossible that is not', () => {
    const texts = fc.stringMatching(/^[aB]\/[aB/:@]{0,5}$/)
    const patterns = fc.array(
      fc.tuple(texts, fc.constantFrom('', '*', '**')).map((parts) => parts.join('')),
      { maxLength: 8 },
    )
    fc.assert(
      fc.property(patterns, fc.array(texts, { maxLength: 20 }), (list, images) => {
        for (const { index, message } of lintPatterns(list)) {
          const matched = images.filter((image) => compilePatterns([list[index] ?? '']).find(image) !== undefined)
          const covering = /because (\S+) matches all/.exec(message)?.[1]
          if (covering !== undefined) {
            assert.notEqual(covering, list[index])
            for (const image of matched) assert.ok(compilePatterns([covering]).find(image) !== undefined)
          }
          if (message.includes('can never match')) for (const image of matched) assert.ok(!parseImageReference(image).ok)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test('takes 100,000 patterns', () => {
    assert.deepEqual(notesOn(...Array.from({ length: 100_000 }, (_, index) => `r.example/team-${index}/*`)), [])
  })
})

describe('lintPolicy()', () => {
  test('is quiet about a closed gate with the system policy', () => {
    assert.deepEqual(lintPolicy(QUIET), [])
  })

  test('warns of an open default, and of a dry run', () => {
    assert.deepEqual(pathsOn({ defaultAdmissionRule: { ...DENY, evaluationMode: 'ALWAYS_ALLOW' } }), ['defaultAdmissionRule.evaluationMode'])
    assert.deepEqual(pathsOn({ defaultAdmissionRule: { ...DENY, enforcementMode: 'DRYRUN_AUDIT_LOG_ONLY' } }), [
      'defaultAdmissionRule.enforcementMode',
    ])
  })

  test('DESIGN §5: warns of rules that an ImageReview cannot be judged by', () => {
    assert.deepEqual(pathsOn({ kubernetesServiceAccountAdmissionRules: { 'a:b': DENY } }), ['kubernetesServiceAccountAdmissionRules'])
    assert.deepEqual(pathsOn({ istioServiceIdentityAdmissionRules: { 'd/ns/a/sa/b': DENY } }), ['istioServiceIdentityAdmissionRules'])
    assert.deepEqual(pathsOn({ kubernetesNamespaceAdmissionRules: { a: DENY } }), [])
  })

  test('§6.11: warns that a closed gate shuts out the system images', () => {
    const DISABLE = 'DISABLE'
    assert.deepEqual(pathsOn({ globalPolicyEvaluationMode: DISABLE }), ['globalPolicyEvaluationMode'])
    assert.deepEqual(pathsOn({ globalPolicyEvaluationMode: 'GLOBAL_POLICY_EVALUATION_MODE_UNSPECIFIED' }), ['globalPolicyEvaluationMode'])
    assert.deepEqual(pathsOn({ globalPolicyEvaluationMode: DISABLE, admissionWhitelistPatterns: [{ namePattern: 'registry.k8s.io/**' }] }), [])
    assert.deepEqual(pathsOn({ globalPolicyEvaluationMode: DISABLE, kubernetesNamespaceAdmissionRules: { 'kube-system': DENY } }), [])
  })

  test('gives at most 100 notes', () => {
    const patterns = Array.from({ length: 1_000 }, (_, index) => ({ namePattern: `r.example/app-${index}` }))
    assert.equal(lintPolicy({ ...QUIET, admissionWhitelistPatterns: patterns }).length, 100)
  })

  test('finds no trap in the system policy but the needed ones', () => {
    assert.deepEqual([...lintPatterns(SYSTEM_POLICY.admissionWhitelistPatterns.map(({ namePattern }) => namePattern))], [])
  })
})
