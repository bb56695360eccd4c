import { inflateRawSync, inflateSync } from 'node:zlib'

/** One OpenPGP packet, its framing undone. */
export interface Packet {
  readonly tag: number
  readonly body: Uint8Array
}

/** Packet tags of RFC 9580 §5 that a signed message may have. */
export const SIGNATURE = 2
export const ONE_PASS_SIGNATURE = 4
export const COMPRESSED_DATA = 8
export const LITERAL_DATA = 11

/** Why bytes are no packets; the message is one sentence without a subject. */
export class PacketError extends Error {}

const MAX_PACKETS = 64
/** More than any payload with its packets around it: what a compressed packet may unfold to. */
const MAX_UNFOLDED_BYTES = 131_072

/**
 * Splits bytes into packets (RFC 9580 §4.2): old and new framing, partial and indeterminate lengths (which gpg writes) only where data may have them.
 * Throws a PacketError for a length beyond the end, and above 64 packets.
 */
export function readPackets(bytes: Uint8Array): readonly Packet[] {
  const packets: Packet[] = []
  for (let at = 0; at < bytes.length; ) {
    if (packets.length === MAX_PACKETS) throw new PacketError(`it holds more than ${MAX_PACKETS} packets`)
    const { packet, next } = readPacket(bytes, at)
    packets.push(packet)
    at = next
  }
  return packets
}

/** Undoes the compression of a compressed data packet's body, up to a bound. */
export function unfold(body: Uint8Array): Uint8Array {
  const data = body.subarray(1)
  switch (body[0]) {
    case 0:
      return data
    case 1:
      return inflate(data, inflateRawSync)
    case 2:
      return inflate(data, inflateSync)
    default:
      throw new PacketError('its compression is neither ZIP nor ZLIB: sign with gpg --compress-algo zip')
  }
}

/** The data of a literal data packet. Its format, file name and date are not signed, so they are not looked at. */
export function readLiteral(body: Uint8Array): Uint8Array {
  const start = 6 + (body[1] ?? 0)
  if (body.length < start) throw new PacketError('its text is cut short')
  return body.subarray(start)
}

function inflate(data: Uint8Array, unpack: typeof inflateSync): Uint8Array {
  try {
    return unpack(data, { maxOutputLength: MAX_UNFOLDED_BYTES })
  } catch (error) {
    if (error instanceof RangeError) throw new PacketError(`it unfolds to more than ${MAX_UNFOLDED_BYTES} bytes`)
    throw new PacketError('its compressed data is damaged')
  }
}

interface ReadPacket {
  readonly packet: Packet
  readonly next: number
}

function readPacket(bytes: Uint8Array, at: number): ReadPacket {
  const first = bytes[at] ?? 0
  if ((first & 0x80) === 0) throw new PacketError('it holds bytes that are no packet')
  return (first & 0x40) === 0 ? readOldPacket(bytes, at, first) : readNewPacket(bytes, at + 1, first & 0x3f)
}

function readOldPacket(bytes: Uint8Array, at: number, first: number): ReadPacket {
  const tag = (first >> 2) & 0x0f
  const lengthType = first & 0x03
  if (lengthType === 3) {
    if (!mayStream(tag)) throw new PacketError('it holds a packet of unknown length')
    return { packet: { tag, body: bytes.subarray(at + 1) }, next: bytes.length }
  }
  const size = 1 << lengthType
  return take(bytes, tag, at + 1 + size, readNumber(bytes, at + 1, size))
}

function readNewPacket(bytes: Uint8Array, at: number, tag: number): ReadPacket {
  const parts: Uint8Array[] = []
  for (let next = at; ; ) {
    const length = bytes[next] ?? 0
    if (length < 224 || length === 255) {
      const last = readFinalPart(bytes, tag, next, length)
      return { packet: parts.length === 0 ? last.packet : { tag, body: Buffer.concat([...parts, last.packet.body]) }, next: last.next }
    }
    if (!mayStream(tag)) throw new PacketError('it holds a packet in parts')
    const part = take(bytes, tag, next + 1, 2 ** (length & 0x1f))
    parts.push(part.packet.body)
    next = part.next
  }
}

function readFinalPart(bytes: Uint8Array, tag: number, at: number, length: number): ReadPacket {
  if (length === 255) return take(bytes, tag, at + 5, readNumber(bytes, at + 1, 4))
  if (length < 192) return take(bytes, tag, at + 1, readNumber(bytes, at, 1))
  return take(bytes, tag, at + 2, ((length - 192) << 8) + readNumber(bytes, at + 1, 1) + 192)
}

function take(bytes: Uint8Array, tag: number, start: number, length: number): ReadPacket {
  const next = start + length
  if (next > bytes.length) throw new PacketError('it is cut short')
  return { packet: { tag, body: bytes.subarray(start, next) }, next }
}

function readNumber(bytes: Uint8Array, at: number, size: number): number {
  if (at + size > bytes.length) throw new PacketError('it is cut short')
  return bytes.subarray(at, at + size).reduce((value, byte) => value * 256 + byte, 0)
}

function mayStream(tag: number): boolean {
  return tag === COMPRESSED_DATA || tag === LITERAL_DATA
}
