/**
 * An ECDSA signature in ASN.1 DER, `SEQUENCE { r INTEGER, s INTEGER }`, from the two numbers side by side (IEEE P1363), which is what Azure and
 * PKCS#11 give. DER has no leading zeros but the one that keeps a number positive.
 */
export function ecdsaDer(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2
  const body = [...integer(raw.subarray(0, half)), ...integer(raw.subarray(half))]
  return Uint8Array.from([0x30, ...lengthOf(body.length), ...body])
}

function integer(bytes: Uint8Array): readonly number[] {
  const first = bytes.findIndex((byte) => byte !== 0)
  const digits = first < 0 ? [0] : [...bytes.subarray(first)]
  const positive = (digits[0] ?? 0) > 0x7f ? [0, ...digits] : digits
  return [0x02, positive.length, ...positive]
}

/** Two numbers of P-521 are the longest: one byte more than fits into the short form. */
function lengthOf(length: number): readonly number[] {
  return length < 0x80 ? [length] : [0x81, length]
}
