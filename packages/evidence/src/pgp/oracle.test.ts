import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkSignature } from '../attestation/check-signature.ts'
import { DIGEST, PAYLOAD } from '../testing/attestations.ts'
import { makePgpPair } from '../testing/pgp-keys.ts'
import { readArmor } from './armor.ts'
import { loadOpenPgp } from './library.ts'
import { listPgpKeys, loadPgpKey } from './pgp-key.ts'

const library = await loadOpenPgp()
const pairs = [await makePgpPair(), await makePgpPair({ curve: 'nistP256' }), await makePgpPair({ signingSubkey: true })]
const cases = await Promise.all(
  pairs.map(async (pair) => {
    const armor = readArmor(Buffer.from(await pair.sign(PAYLOAD)).toString())
    assert.ok(armor.ok)
    return {
      loaded: await loadPgpKey(pair.key),
      theirs: await library.readKey({ armoredKey: pair.key.asciiArmored }),
      message: armor.blocks[0]?.body ?? new Uint8Array(),
    }
  }),
)

/** Whether the library by itself finds a message good; it was not asked by us before. */
async function libraryAccepts(binaryMessage: Uint8Array, index: number): Promise<boolean> {
  try {
    const message = await library.readMessage({ binaryMessage })
    const { signatures } = await library.verify({ message, verificationKeys: cases[index]?.theirs ?? [], format: 'binary', expectSigned: true })
    return (await Promise.all(signatures.map((signature) => signature.verified))).every(Boolean)
  } catch {
    return false
  }
}

test('what we accept, the library accepts too, however a message was altered', async () => {
  const alteration = fc.record({
    index: fc.nat({ max: cases.length - 1 }),
    at: fc.nat(),
    bit: fc.nat({ max: 7 }),
    cut: fc.option(fc.nat({ max: 40 }), { freq: 4 }),
  })
  await fc.assert(
    fc.asyncProperty(alteration, async ({ index, at, bit, cut }) => {
      const known = cases[index]
      assert.ok(known !== undefined)
      const message = Buffer.from(known.message)
      message[at % message.length] = (message[at % message.length] ?? 0) ^ (1 << bit)
      const altered = message.subarray(0, message.length - (cut ?? 0))
      const verdict = checkSignature(PAYLOAD, altered, known.loaded)
      if (verdict.ok) assert.deepEqual([verdict.fact.digest, await libraryAccepts(altered, index)], [DIGEST, true])
    }),
    { numRuns: 300 },
  )
})

test('untouched messages are good to both', async () => {
  for (const [index, { loaded, message }] of cases.entries()) {
    assert.equal(checkSignature(PAYLOAD, message, loaded).ok, true)
    assert.equal(await libraryAccepts(message, index), true)
  }
})

test('listPgpKeys() answers every altered key block, and an altered one never has a signing key that the untouched one has not', async () => {
  for (const pair of pairs) {
    const armor = readArmor(pair.key.asciiArmored)
    assert.ok(armor.ok)
    const block = armor.blocks[0]?.body ?? new Uint8Array()
    const known = await listPgpKeys(pair.key.asciiArmored)
    assert.ok(known.ok)
    const fingerprints = known.certificates.flatMap((certificate) => certificate.signingKeys.map((key) => key.fingerprint))
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: block.length - 1 }), fc.nat({ max: 7 }), async (at, bit) => {
        const altered = Buffer.from(block)
        altered[at] = (altered[at] ?? 0) ^ (1 << bit)
        const list = await listPgpKeys(altered.toString('base64'))
        if (!list.ok) return
        for (const key of list.certificates.flatMap((certificate) => certificate.signingKeys)) assert.ok(fingerprints.includes(key.fingerprint))
      }),
      { numRuns: 150 },
    )
  }
})
