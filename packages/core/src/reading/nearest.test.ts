import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { findNearest } from './nearest.ts'

const FIELDS = ['evaluationMode', 'requireAttestationsBy', 'enforcementMode']

describe('findNearest()', () => {
  test('sees through case, separators, parts and slips', () => {
    assert.equal(findNearest('EVALUATION-MODE', FIELDS), 'evaluationMode')
    assert.equal(findNearest('evalutionMode', FIELDS), 'evaluationMode')
    assert.equal(findNearest('requireAttestation', FIELDS), 'requireAttestationsBy')
    assert.equal(findNearest('ENFORCED', ['ENFORCED_BLOCK_AND_AUDIT_LOG', 'DRYRUN_AUDIT_LOG_ONLY']), 'ENFORCED_BLOCK_AND_AUDIT_LOG')
    assert.equal(findNearest('pattern', ['namePattern']), 'namePattern')
  })

  test('guesses nothing from what is far away, short or long', () => {
    for (const word of ['', 'x', 'mo', 'metadata', 'e'.repeat(1_000_000)]) assert.equal(findNearest(word, FIELDS), undefined, word.slice(0, 10))
  })
})
