import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import type { AttestorName } from '../name/resource-name.ts'
import { matchesPattern, parsePattern } from '../policy/pattern.ts'
import { decideAdmission } from './decide.ts'
import type { Fix } from './decision.ts'
import type { AdmissionEvidence } from './evidence.ts'
import { formatFix, quoteShellWord } from './fix.ts'
import { ATTESTOR, attestor, DIGEST, evidence, IMAGE, policy, request, rule, SECOND_ATTESTOR } from './testing/admission.ts'

const DENY = evidence([], { policy: policy() })

function fixOf(text: string, known: AdmissionEvidence, namespace = 'default'): Fix | undefined {
  const { scope } = request([])
  return decideAdmission(request([text], { scope: { ...scope, namespace } }), known).images[0]?.fix
}

function attestorAt(state: AdmissionEvidence['attestors'][AttestorName]): AdmissionEvidence {
  return evidence([], { attestors: { [ATTESTOR]: state } })
}

const ROWS: readonly (readonly [string, Fix | undefined, Fix])[] = [
  [
    'ALWAYS_DENY: an exemption that ends',
    fixOf('r.example/app:1', DENY),
    {
      explanation: 'Exempt this image for a day; for good, add the pattern to admissionWhitelistPatterns',
      command:
        'countersign exemptions create --pattern r.example/app:1 --namespace default --project p1 --owner "$USER" --reason REASON --expires-in 24h',
    },
  ],
  [
    'no attestation: sign',
    fixOf(IMAGE, evidence([])),
    { explanation: 'Attest the image', command: `countersign attestations sign-and-create --artifact-url=${IMAGE} --attestor=${ATTESTOR}` },
  ],
  [
    'no attestation, image written short: the artifact URL names its registry',
    fixOf(`nginx@${DIGEST}`, evidence([])),
    {
      explanation: 'Attest the image',
      command: `countersign attestations sign-and-create --artifact-url=docker.io/library/nginx@${DIGEST} --attestor=${ATTESTOR}`,
    },
  ],
  [
    'a tag: the digest that it points to',
    fixOf('nginx:1.27', evidence([])),
    { explanation: 'Deploy the image by its sha256 digest, which this prints', command: 'countersign images describe nginx:1.27' },
  ],
  [
    'another digest scheme: the digests that there are',
    fixOf(`nginx@sha512:${'a'.repeat(128)}`, evidence([])),
    { explanation: 'Deploy the image by a sha256 digest, as this prints them', command: 'countersign images list-tags docker.io/library/nginx' },
  ],
  [
    'no image reference',
    fixOf('$(reboot)', DENY),
    { explanation: 'Correct the image: it is not a valid reference, and this prints one by digest', command: 'countersign images describe IMAGE' },
  ],
  [
    'ATTESTOR_ABSENT',
    fixOf(IMAGE, attestorAt({ state: 'ABSENT' })),
    {
      explanation: 'Create the attestor that the rule names, save the policy again, attest',
      command: 'countersign attestors create qa --project p1 --attestation-authority-note NOTE',
    },
  ],
  [
    'ATTESTOR_NOT_GRANTED',
    fixOf(IMAGE, attestorAt({ state: 'NOT_GRANTED' })),
    { explanation: 'Ask its owner to grant p1 the use of this attestor', command: `countersign attestors describe ${ATTESTOR}` },
  ],
  [
    'ATTESTOR_HAS_NO_KEY',
    fixOf(IMAGE, attestorAt(attestor(ATTESTOR, []))),
    {
      explanation: 'Give the attestor a public key, then attest',
      command: `countersign attestors public-keys add --attestor ${ATTESTOR} --pgp-public-key-file KEY.asc`,
    },
  ],
]
for (const [name, actual, expected] of ROWS) test(`suggestFix(): ${name}`, () => assert.deepEqual(actual, expected))

test('suggestFix() names a pattern that exempts the image, however it is written', () => {
  for (const text of ['nginx', 'nginx:1', 'localhost/app:1', '[::1]:5000/app:1', IMAGE]) {
    const quoted = / --pattern ('?)(\S+?)\1 /.exec(fixOf(text, DENY)?.command ?? '')?.[2] ?? ''
    const parsed = parsePattern(quoted)
    assert.ok(parsed.ok && matchesPattern(parsed.value, text), quoted)
  }
})

test('suggestFix() says how many attestors are missing', () => {
  const both = rule('REQUIRE_ATTESTATION', { requireAttestationsBy: [ATTESTOR, SECOND_ATTESTOR] })
  const empty = { [DIGEST]: { position: 1, checked: [] } }
  const known = evidence([], {
    policy: policy({ defaultAdmissionRule: both }),
    attestors: { [ATTESTOR]: attestor(), [SECOND_ATTESTOR]: attestor(SECOND_ATTESTOR) },
    attestations: { [ATTESTOR]: empty, [SECOND_ATTESTOR]: empty },
  })
  assert.equal(fixOf(IMAGE, known)?.explanation, 'Attest the image (1 of 2 attestors)')
})

test('suggestFix() fits a warning, however long the names are', () => {
  const long = `r.example/${'a'.repeat(200)}@${DIGEST}`
  const name = `projects/p1/attestors/${'b'.repeat(200)}` as AttestorName
  const known = evidence([], {
    policy: policy({ defaultAdmissionRule: rule('REQUIRE_ATTESTATION', { requireAttestationsBy: [name] }) }),
    attestors: { [name]: attestor(name) },
    attestations: { [name]: { [DIGEST]: { position: 1, checked: [] } } },
  })
  for (const fix of [
    fixOf(long, known),
    fixOf(IMAGE, known),
    fixOf(long, DENY, 'n'.repeat(250)),
    fixOf(long, evidence([], { attestors: { [ATTESTOR]: { state: 'ABSENT' } } })),
  ]) {
    assert.ok(fix !== undefined && formatFix(fix).length <= 256)
  }
})

test('property: a quoted word reaches a shell as exactly that word', () => {
  const word = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => quoteShellWord(text, '') !== '')
  const words = fc.sample(word, { seed: 1, numRuns: 200 }).concat(["it's", '$(reboot)', '`id`', 'a b', '!!', '~', '*', ';', '\\'])
  const script = words.map((one) => `printf '%s\\n' ${quoteShellWord(one, '')}`).join('\n')
  assert.equal(execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' }), words.map((one) => `${one}\n`).join(''))
})

test('quoteShellWord() never lets controls or invisible characters into a command', () => {
  for (const hidden of ['a\nb', '\u001b[0m', 'a\u202eb', '\u200b', '\ud800', '']) assert.equal(quoteShellWord(hidden, 'IMAGE'), 'IMAGE')
})
