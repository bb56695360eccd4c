import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { makeCheckpointKey, makeCheckpointSigner, parseVerifierKey, splitNotes } from './checkpoint.ts'

const signer = makeCheckpointSigner('countersign/server-1', makeCheckpointKey())
const STATE = { size: 17, root: new Uint8Array(32).fill(7) }

test('a signed checkpoint opens with its key and says what was signed', () => {
  const note = signer.sign(STATE)
  assert.match(note, /^countersign\/server-1\n17\nBwcH[^\n]*\n\n— countersign\/server-1 [A-Za-z0-9+/=]+\n$/)
  const opened = parseVerifierKey(signer.verifierKey)?.open(note)
  assert.deepEqual(opened && { ...opened, root: Uint8Array.from(opened.root) }, { origin: 'countersign/server-1', ...STATE })
})

test('C2SP signed-note: the verifier key of its example is read', () => {
  const verifier = parseVerifierKey('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW')
  assert.equal(verifier?.origin, 'PeterNeumann')
})

test('whoever flips one byte of a note, or has another key, opens nothing', () => {
  const note = Buffer.from(signer.sign(STATE))
  const verifier = parseVerifierKey(signer.verifierKey)
  fc.assert(
    fc.property(fc.nat(note.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const flipped = Buffer.from(note)
      flipped[at] = (flipped[at] ?? 0) ^ mask
      assert.equal(verifier?.open(flipped.toString('utf8')), undefined)
    }),
    { numRuns: 500 },
  )
  const other = makeCheckpointSigner('countersign/server-1', makeCheckpointKey())
  assert.equal(parseVerifierKey(other.verifierKey)?.open(note.toString()), undefined)
})

test('signatures of witnesses beside ours are passed over', () => {
  const note = `${signer.sign(STATE)}— witness.example/w1 ${Buffer.alloc(76).toString('base64')}\n`
  assert.equal(parseVerifierKey(signer.verifierKey)?.open(note)?.size, 17)
})

test('what is no verifier key, and what signs no checkpoints', () => {
  const [name = '', keyHash = '', key = ''] = signer.verifierKey.split('+', 3)
  for (const text of ['', `${name}+${keyHash}`, `other+${keyHash}+${key}`, `${name}+00000000+${key}`, `${signer.verifierKey}=`])
    assert.equal(parseVerifierKey(text), undefined)
  const rsa = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
  assert.throws(() => makeCheckpointSigner('a', rsa), TypeError)
  assert.throws(() => makeCheckpointSigner('a b', makeCheckpointKey()), TypeError)
})

test('splitNotes() finds the notes of a file', () => {
  const notes = [1, 2, 3].map((size) => signer.sign({ ...STATE, size }))
  assert.deepEqual(splitNotes(notes.map((note) => `${note}\n`).join('')), notes)
  assert.deepEqual(splitNotes(`cut\n\n${notes.map((note) => `${note}\n`).join('')}orig`).slice(-3), notes)
  assert.deepEqual(splitNotes(''), [])
})
