import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import { checkSignature } from '../attestation/check-signature.ts'
import { DIGEST, PAYLOAD } from '../testing/attestations.ts'
import { makePgpPair } from '../testing/pgp-keys.ts'
import { readArmor } from './armor.ts'
import type { Packet } from './packets.ts'
import { COMPRESSED_DATA, LITERAL_DATA, ONE_PASS_SIGNATURE, readPackets, SIGNATURE } from './packets.ts'
import { loadPgpKey } from './pgp-key.ts'

const pair = await makePgpPair()
const key = await loadPgpKey(pair.key)
const armor = readArmor(Buffer.from(await pair.sign(PAYLOAD)).toString())
assert.ok(armor.ok)
const packets = readPackets(armor.blocks[0]?.body ?? new Uint8Array())
const [onePass, literal, signature] = packets as readonly [Packet, Packet, Packet]

/** New framing, length in five octets. */
function frame(...parts: readonly Packet[]): Buffer {
  return Buffer.concat(
    parts.map(({ tag, body }) => {
      const head = Buffer.alloc(6)
      head[0] = 0xc0 | tag
      head[1] = 255
      head.writeUInt32BE(body.length, 2)
      return Buffer.concat([head, body])
    }),
  )
}

async function outcome(message: Uint8Array, payload: Uint8Array = new Uint8Array()): Promise<string> {
  const verdict = await checkSignature(payload, message, key)
  return verdict.ok ? verdict.fact.digest : verdict.cause
}

const compressed = (inner: Uint8Array): Packet => ({ tag: COMPRESSED_DATA, body: Buffer.concat([Buffer.of(1), deflateRawSync(inner)]) })

test('a message is one-pass packet, text and signature, or signature and text, compressed or not', async () => {
  assert.deepEqual(
    packets.map((packet) => packet.tag),
    [ONE_PASS_SIGNATURE, LITERAL_DATA, SIGNATURE],
  )
  assert.equal(await outcome(frame(onePass, literal, signature)), DIGEST)
  assert.equal(await outcome(frame(signature, literal)), DIGEST)
  assert.equal(await outcome(frame(compressed(frame(onePass, literal, signature)))), DIGEST)
  assert.equal(await outcome(frame(signature), PAYLOAD), DIGEST)
})

test('every other shape of a message is refused', async () => {
  const marker = { tag: 10, body: Buffer.from('PGP') }
  const rows: readonly (readonly [string, Uint8Array, string])[] = [
    ['unsigned', frame(literal), 'NO_SIGNATURE'],
    ['unsigned, compressed', frame(compressed(frame(literal))), 'NO_SIGNATURE'],
    ['two texts', frame(onePass, literal, literal, signature), 'MALFORMED_SIGNATURE'],
    ['a text before', frame(literal, onePass, literal, signature), 'MALFORMED_SIGNATURE'],
    ['a text behind', frame(onePass, literal, signature, literal), 'MALFORMED_SIGNATURE'],
    ['an unannounced signature', frame(literal, signature), 'MALFORMED_SIGNATURE'],
    ['an announced signature that is missing', frame(onePass, literal), 'MALFORMED_SIGNATURE'],
    ['more announced than there are', frame(onePass, onePass, literal, signature), 'MALFORMED_SIGNATURE'],
    ['compressed twice', frame(compressed(frame(compressed(frame(onePass, literal, signature))))), 'MALFORMED_SIGNATURE'],
    ['packets behind compressed ones', frame(compressed(frame(onePass, literal, signature)), literal), 'MALFORMED_SIGNATURE'],
    ['a marker', frame(marker, onePass, literal, signature), 'MALFORMED_SIGNATURE'],
    ['cut short', frame(onePass, literal, signature).subarray(0, -1), 'MALFORMED_SIGNATURE'],
    ['bytes behind', Buffer.concat([frame(onePass, literal, signature), Buffer.of(0)]), 'MALFORMED_SIGNATURE'],
    ['17 signatures', frame(...Array.from({ length: 17 }, () => signature), literal), 'MALFORMED_SIGNATURE'],
    ['100 packets', frame(...Array.from({ length: 100 }, () => signature)), 'MALFORMED_SIGNATURE'],
    ['a length beyond the end', Uint8Array.of(0xc2, 255, 255, 255, 255, 255), 'MALFORMED_SIGNATURE'],
    ['nothing but armor', Buffer.from('-----BEGIN PGP MESSAGE-----\n\n-----END PGP MESSAGE-----\n'), 'MALFORMED_SIGNATURE'],
    ['a key in place of a message', Buffer.from(pair.key.asciiArmored), 'MALFORMED_SIGNATURE'],
  ]
  for (const [name, message, expected] of rows) assert.equal(await outcome(message), expected, name)
})

test('a text in parts is the text, and only texts come in parts', async () => {
  const body = literal.body
  const first = body.subarray(0, 256)
  const rest = body.subarray(256)
  const parts = Buffer.concat([Buffer.of(0xc0 | LITERAL_DATA, 224 + 8), first, Buffer.of(rest.length), rest])
  assert.equal(await outcome(Buffer.concat([frame(onePass), parts, frame(signature)])), DIGEST)
  assert.equal(await outcome(Buffer.concat([Buffer.of(0xc0 | SIGNATURE, 224 + 5), signature.body]), PAYLOAD), 'MALFORMED_SIGNATURE')
})

test('of several signatures one by a known key is enough', async () => {
  const stranger = await makePgpPair()
  const other = readArmor(Buffer.from(await stranger.sign(PAYLOAD)).toString())
  assert.ok(other.ok)
  const foreign = readPackets(other.blocks[0]?.body ?? new Uint8Array())[2]
  assert.ok(foreign !== undefined)
  assert.equal(await outcome(frame(foreign, signature, literal)), DIGEST)
  assert.equal(await outcome(frame(foreign, literal)), 'UNKNOWN_KEY')
})
