import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeFact, MAX_CLOCK_SKEW_MS } from './judge-time.ts'
import type { FactJudgement } from './judge-time.ts'
import { NOW, verified } from './testing/admission.ts'
import type { SignatureFact } from '../attestation/attestation.ts'

const RECEIVED = 1_000_000_000_000
const VALID: FactJudgement = { valid: true }
const because = (cause: Extract<FactJudgement, { valid: false }>['cause']): FactJudgement => ({ valid: false, cause })

const ROWS: readonly (readonly [name: string, fact: Partial<SignatureFact>, expected: FactJudgement])[] = [
  ['no times at all', {}, VALID],
  ['§5: key valid at receipt, expired long since', { keyNotAfter: RECEIVED + 1 }, VALID],
  ['§5: key expired at the very moment of receipt', { keyNotAfter: RECEIVED }, because('KEY_EXPIRED')],
  ['§5: a stolen expired key backdates its signature', { signedAt: RECEIVED - 10_000, keyNotAfter: RECEIVED - 5_000 }, because('KEY_EXPIRED')],
  ['§5: signed after the key expired by its own clock', { signedAt: RECEIVED + 2, keyNotAfter: RECEIVED + 1 }, because('KEY_EXPIRED')],
  ['§5: signed before the key was valid', { signedAt: RECEIVED - 10, keyNotBefore: RECEIVED - 5 }, because('KEY_NOT_YET_VALID')],
  ['§5: key made by a clock ahead within the skew', { keyNotBefore: RECEIVED + MAX_CLOCK_SKEW_MS }, VALID],
  ['§5: key made by a clock ahead beyond the skew', { keyNotBefore: RECEIVED + MAX_CLOCK_SKEW_MS + 1 }, because('KEY_NOT_YET_VALID')],
  ['§5: signed ahead within the skew', { signedAt: RECEIVED + MAX_CLOCK_SKEW_MS }, VALID],
  ['§5: signed ahead beyond the skew', { signedAt: RECEIVED + MAX_CLOCK_SKEW_MS + 1 }, because('SIGNED_IN_FUTURE')],
  ['§5: SOFT revocation after receipt spares', { revocation: { kind: 'SOFT', at: RECEIVED + 1 } }, VALID],
  ['§5: SOFT revocation at receipt voids', { revocation: { kind: 'SOFT', at: RECEIVED } }, because('KEY_REVOKED')],
  [
    '§5: SOFT revocation before receipt voids, whenever it says it was signed',
    { signedAt: RECEIVED - 9, revocation: { kind: 'SOFT', at: RECEIVED - 5 } },
    because('KEY_REVOKED'),
  ],
  ['§5: HARD revocation voids what came before it', { revocation: { kind: 'HARD', at: RECEIVED + 1_000_000 } }, because('KEY_REVOKED')],
  ['signed expiry ahead', { expiresAt: NOW + 1 }, VALID],
  ['signed expiry reached', { expiresAt: NOW }, because('ATTESTATION_EXPIRED')],
  ['an expiry that is no number', { expiresAt: Number.NaN }, because('ATTESTATION_EXPIRED')],
  ['a key end that is no number', { keyNotAfter: Number.NaN }, because('KEY_EXPIRED')],
  ['a key beginning that is no number', { keyNotBefore: Number.NaN }, because('KEY_NOT_YET_VALID')],
  ['a signing time that is no number', { signedAt: Number.NaN }, because('SIGNED_IN_FUTURE')],
  ['a revocation whose time is no number', { revocation: { kind: 'SOFT', at: Number.NaN } }, because('KEY_REVOKED')],
]

for (const [name, fact, expected] of ROWS) {
  test(`judgeFact(): ${name}`, () => assert.deepEqual(judgeFact(verified(fact, { receivedAt: RECEIVED }), NOW), expected))
}
