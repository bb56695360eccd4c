import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseImageReference } from '../image/reference.ts'
import { compilePolicy } from '../policy/compile.ts'
import { parsePolicy } from '../policy/parse.ts'
import { decideAdmission } from './decide.ts'
import { formatDenial } from './denial-text.ts'
import type { CompiledPolicy } from '../policy/compile.ts'
import type { AdmissionEvidence } from './evidence.ts'
import type { AdmissionRequest, WorkloadImage } from './request.ts'

const FOLDER = new URL('../../../../vectors/admission/', import.meta.url)

/** `evidence.json`: policies as the API has them, beside an etag; everything else as `decideAdmission` takes it. */
type StoredEvidence = Omit<AdmissionEvidence, 'policy' | 'systemPolicy'> & { readonly policy: StoredPolicy; readonly systemPolicy?: StoredPolicy }
type StoredPolicy = { readonly etag: string }

function read(name: string, file: string): string {
  return readFileSync(new URL(`${name}/${file}`, FOLDER), 'utf8')
}

function compile(stored: StoredPolicy): CompiledPolicy {
  const { etag, ...tree } = stored
  const parsed = parsePolicy(tree)
  assert.ok(parsed.ok, JSON.stringify(parsed))
  return compilePolicy(parsed.value, etag)
}

function readRequest(name: string): AdmissionRequest {
  const request: AdmissionRequest = JSON.parse(read(name, 'request.json'))
  return { ...request, images: request.images.map(withReference) }
}

function withReference(image: WorkloadImage): WorkloadImage {
  const parsed = parseImageReference(image.text)
  return parsed.ok ? { ...image, reference: parsed.value } : image
}

function readEvidence(name: string): AdmissionEvidence {
  const { policy, systemPolicy, ...rest }: StoredEvidence = JSON.parse(read(name, 'evidence.json'))
  return { ...rest, policy: compile(policy), ...(systemPolicy === undefined ? {} : { systemPolicy: compile(systemPolicy) }) }
}

const cases = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)

for (const name of cases) {
  test(`vectors/admission/${name}: ${read(name, 'README.md').trim()}`, () => {
    const decision = decideAdmission(readRequest(name), readEvidence(name))
    const denialTexts = { A: formatDenial(decision, 'A'), B: formatDenial(decision, 'B') }
    assert.deepEqual({ decision, denialTexts }, JSON.parse(read(name, 'decision.json')))
    const outcome = name.endsWith('_denied') ? 'DENIED' : name.endsWith('_undecided') ? 'UNDECIDED' : 'ALLOWED'
    assert.equal(decision.outcome, outcome)
  })
}

test('there are vectors', () => assert.ok(cases.length >= 10))
