import { constants, hash, verify } from 'node:crypto'
import type { SignaturePacket } from 'openpgp'
import type { OpenPgp } from './library.ts'
import { PacketError } from './packets.ts'
import type { VerifyingKey } from './public-key.ts'
import { readMpi } from './public-key.ts'

/** A version 4 signature packet: what the library reads of its subpackets, and the bytes that verifying takes. */
export interface ParsedSignature {
  readonly fields: SignaturePacket
  /** From the version to the end of the hashed subpackets. */
  readonly hashed: Uint8Array
  /** The first two octets of the digest. */
  readonly digestStart: Uint8Array
  /** The signature's numbers. */
  readonly material: Uint8Array
}

/**
 * What a signature is for. MESSAGE leaves out SHA-1, which lets two texts have one signature; a key may describe itself with it. A REVOCATION holds
 * whatever else it says: one that we do not understand must not leave its key alive.
 */
export type SignatureUse = 'MESSAGE' | 'SELF_SIGNATURE' | 'REVOCATION'

/** By their number in RFC 9580 §9.5. */
const HASHES: Readonly<Record<number, string>> = { 8: 'sha256', 9: 'sha384', 10: 'sha512', 11: 'sha224', 12: 'sha3-256', 14: 'sha3-512' }
const SHA1 = 2

/** Reads a signature packet's body. Throws where it is malformed, or not of version 4. */
export function parseSignature(library: OpenPgp, body: Uint8Array): ParsedSignature {
  if (body[0] !== 4) throw new PacketError(`it holds a signature of version ${body[0]}, expected 4`)
  const fields = new library.SignaturePacket()
  fields.read(body)
  return locateParts(fields, body)
}

/** The same for a packet that the library read as part of a key. Undefined where it is not of version 4. */
export function takeApart(fields: SignaturePacket): ParsedSignature | undefined {
  return fields.version === 4 ? locateParts(fields, fields.write()) : undefined
}

/**
 * Why a signature by this key does not hold over these bytes; undefined where it holds. Looks at no clock. Subpackets that are marked critical and that we do not know
 * make it void (RFC 9580 §5.2.3.7).
 */
export function findSignatureFault(signature: ParsedSignature, key: VerifyingKey, data: Uint8Array, use: SignatureUse): string | undefined {
  const { fields } = signature
  if (fields.publicKeyAlgorithm !== key.algorithm) return 'it names another kind of key'
  const hashNumber = Number(fields.hashAlgorithm)
  const algorithm = hashNumber === SHA1 && use !== 'MESSAGE' ? 'sha1' : HASHES[hashNumber]
  if (algorithm === undefined) return hashNumber === SHA1 ? 'it uses SHA-1, which is too weak' : `its hash (number ${hashNumber}) is not accepted`
  const strange = use === 'REVOCATION' ? undefined : findStrange(fields)
  if (strange !== undefined) return strange
  const trailer = Buffer.alloc(6)
  trailer.writeUInt16BE(0x04ff)
  trailer.writeUInt32BE(signature.hashed.length, 2)
  const input = Buffer.concat([data, signature.hashed, trailer])
  const digest = hash(algorithm, input, 'buffer')
  if (Buffer.compare(digest.subarray(0, 2), signature.digestStart) !== 0) return 'it was made over other bytes'
  return holds(signature, key, { algorithm, input, digest }) ? undefined : 'the numbers do not fit'
}

function findStrange({ unknownSubpackets, rawNotations }: SignaturePacket): string | undefined {
  if (unknownSubpackets.some(({ critical }) => critical)) return 'it has a critical subpacket that is not known'
  return rawNotations.some(({ critical }) => critical) ? 'it has a critical notation that is not known' : undefined
}

interface Hashed {
  readonly algorithm: string
  readonly input: Uint8Array
  readonly digest: Uint8Array
}

function holds(signature: ParsedSignature, key: VerifyingKey, { algorithm, input, digest }: Hashed): boolean {
  const { keyObject } = key
  const raw = readNumbers(signature.material, key)
  if (raw === undefined) return false
  try {
    switch (key.algorithm) {
      case 1:
      case 3:
        return verify(algorithm, input, { key: keyObject, padding: constants.RSA_PKCS1_PADDING }, raw)
      case 19:
        return verify(algorithm, input, { key: keyObject, dsaEncoding: 'ieee-p1363' }, raw)
      default:
        // EdDSA in OpenPGP signs the digest.
        return verify(null, digest, keyObject, raw)
    }
  } catch {
    return false
  }
}

/** The signature's numbers side by side at full length, with nothing behind them. */
function readNumbers(material: Uint8Array, key: VerifyingKey): Uint8Array | undefined {
  if (key.algorithm === 27 || key.algorithm === 28) return material.length === key.numberBytes * 2 ? material : undefined
  const count = key.algorithm === 1 || key.algorithm === 3 ? 1 : 2
  const numbers: Uint8Array[] = []
  let rest = material
  for (let index = 0; index < count; index++) {
    const mpi = readMpi(rest)
    if (mpi === undefined || mpi.value.length > key.numberBytes) return undefined
    numbers.push(Buffer.alloc(key.numberBytes - mpi.value.length), mpi.value)
    rest = mpi.rest
  }
  return rest.length === 0 ? Buffer.concat(numbers) : undefined
}

function locateParts(fields: SignaturePacket, body: Uint8Array): ParsedSignature {
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  const hashedEnd = 6 + view.getUint16(4)
  const unhashedEnd = hashedEnd + 2 + view.getUint16(hashedEnd)
  if (unhashedEnd + 2 > body.length) throw new PacketError('it holds a signature that is cut short')
  return {
    fields,
    hashed: body.subarray(0, hashedEnd),
    digestStart: body.subarray(unhashedEnd, unhashedEnd + 2),
    material: body.subarray(unhashedEnd + 2),
  }
}
