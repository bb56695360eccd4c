import { messageOf } from '../verdict.ts'
import { readArmor } from './armor.ts'
import { isClearSigned, readClearSigned } from './clear-signed.ts'
import type { OpenPgp } from './library.ts'
import type { Packet } from './packets.ts'
import { COMPRESSED_DATA, LITERAL_DATA, ONE_PASS_SIGNATURE, readLiteral, readPackets, SIGNATURE, unfold } from './packets.ts'
import type { ParsedSignature } from './signature-packet.ts'
import { parseSignature } from './signature-packet.ts'

/**
 * What an attestation's `signature` holds. ATTACHED: the signed bytes are inside (`gpg --armor --sign`; kritis labels the same thing
 * SIGNATURE). CLEAR_SIGNED: the signed lines stand before the signature. DETACHED: the signed bytes are the attestation's payload.
 */
export type SignedMessage =
  | { readonly form: 'ATTACHED'; readonly data: Uint8Array; readonly signatures: readonly ParsedSignature[] }
  | {
      readonly form: 'CLEAR_SIGNED'
      readonly lines: readonly string[]
      readonly hashes: readonly string[]
      readonly signatures: readonly ParsedSignature[]
    }
  | { readonly form: 'DETACHED'; readonly signatures: readonly ParsedSignature[] }

export type ReadMessage =
  | { readonly ok: true; readonly message: SignedMessage }
  | { readonly ok: false; readonly cause: 'MALFORMED_SIGNATURE' | 'NO_SIGNATURE'; readonly reason: string }

const MAX_SIGNATURES = 16
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads an OpenPGP message, armored or binary, in any of the three forms. Exactly one literal, directly inside at most one layer of
 * compression; an unsigned literal is NO_SIGNATURE. Packets are split here, not by the library: it streams, skips what it does not know, and takes
 * an unsigned text for data without complaint.
 */
export function readSignedMessage(library: OpenPgp, bytes: Uint8Array): ReadMessage {
  // The first byte of every packet has its top bit set; armor is ASCII.
  if ((bytes[0] ?? 0) >= 0x80) return readSequence(library, bytes)
  let text: string
  try {
    text = UTF8.decode(bytes)
  } catch {
    return malformed('it is neither armored text nor an OpenPGP packet')
  }
  if (isClearSigned(text)) return readClear(library, text)
  const armor = readArmor(text)
  if (!armor.ok) return malformed(armor.reason)
  const [block, ...more] = armor.blocks
  if (block === undefined || more.length > 0) return malformed(`found ${armor.blocks.length} armored blocks, expected one`)
  if (block.label !== 'MESSAGE' && block.label !== 'SIGNATURE') return malformed(`found a PGP ${block.label}, expected a signed message`)
  return readSequence(library, block.body)
}

function readClear(library: OpenPgp, text: string): ReadMessage {
  const clear = readClearSigned(text)
  if (!clear.ok) return malformed(`the clear-signed text is not in canonical form: ${clear.reason}`)
  const { lines, hashes, signature } = clear.value
  const read = readSequence(library, signature)
  if (!read.ok) return read
  if (read.message.form !== 'DETACHED') return malformed('the clear-signed text carries another message in place of its signature')
  return { ok: true, message: { form: 'CLEAR_SIGNED', lines, hashes, signatures: read.message.signatures } }
}

function readSequence(library: OpenPgp, bytes: Uint8Array): ReadMessage {
  try {
    const outer = readPackets(bytes)
    const [only] = outer
    const packets = outer.length === 1 && only?.tag === COMPRESSED_DATA ? readPackets(unfold(only.body)) : outer
    return interpret(library, packets)
  } catch (error) {
    return malformed(messageOf(error))
  }
}

/** RFC 9580 §10.3: signatures stand before the text, or behind it with a one-pass packet each before it. */
function interpret(library: OpenPgp, packets: readonly Packet[]): ReadMessage {
  if (!/^(?:s*|s*l|(?<ops>o*)ls*)$/.test(packets.map(letterOf).join(''))) return malformed('its packets are not those of a signed message')
  const bodies = packets.filter((packet) => packet.tag === SIGNATURE)
  const onePass = packets.filter((packet) => packet.tag === ONE_PASS_SIGNATURE).length
  if (onePass > 0 && onePass !== bodies.length) return malformed(`it announces ${onePass} signatures and holds ${bodies.length}`)
  if (packets.at(-1)?.tag === SIGNATURE && onePass === 0 && packets.some((packet) => packet.tag === LITERAL_DATA)) {
    return malformed('a signature stands behind its text unannounced')
  }
  if (bodies.length === 0) return { ok: false, cause: 'NO_SIGNATURE', reason: 'The message is not signed' }
  if (bodies.length > MAX_SIGNATURES) return malformed(`it holds ${bodies.length} signatures, expected at most ${MAX_SIGNATURES}`)
  const signatures = bodies.map((packet) => parseSignature(library, packet.body))
  const literal = packets.find((packet) => packet.tag === LITERAL_DATA)
  if (literal === undefined) return { ok: true, message: { form: 'DETACHED', signatures } }
  return { ok: true, message: { form: 'ATTACHED', data: readLiteral(literal.body), signatures } }
}

function letterOf(packet: Packet): string {
  switch (packet.tag) {
    case SIGNATURE:
      return 's'
    case ONE_PASS_SIGNATURE:
      return 'o'
    case LITERAL_DATA:
      return 'l'
    default:
      return '?'
  }
}

function malformed(reason: string): ReadMessage {
  return { ok: false, cause: 'MALFORMED_SIGNATURE', reason: `The OpenPGP message cannot be read: ${reason}` }
}
