/** Bytes of one PEM block, or one sentence on why there are none. */
export type PemBody = { readonly ok: true; readonly der: Uint8Array } | { readonly ok: false; readonly reason: string }

const MAX_PEM_LENGTH = 16_384
const BLOCK = /^-----BEGIN ([A-Z0-9 ]+)-----\r?\n([A-Za-z0-9+/=\r\n \t]+)-----END ([A-Z0-9 ]+)-----$/
const CONVERT_PKCS1 = 'convert it with: openssl rsa -RSAPublicKey_in -in KEY.pem -pubout'
const FROM_CERTIFICATE = 'take its public key with: openssl x509 -in CERT.pem -noout -pubkey'

/** Reads exactly one `PUBLIC KEY` block (SubjectPublicKeyInfo). Other blocks are refused with the command that makes one of them. */
export function readPublicKeyPem(pem: string): PemBody {
  if (pem.length > MAX_PEM_LENGTH) return no(`the PEM text has ${pem.length} characters, expected at most ${MAX_PEM_LENGTH}`)
  const count = pem.split('-----BEGIN ').length - 1
  if (count === 0) return no('found no PEM block, expected -----BEGIN PUBLIC KEY-----')
  if (count > 1) return no(`found ${count} PEM blocks, expected one public key`)
  const match = BLOCK.exec(pem.trim())
  if (match === null || match[1] !== match[3]) return no('the PEM block is malformed, or something stands around it')
  if (match[1] !== 'PUBLIC KEY') return no(explainLabel(match[1] ?? ''))
  return readBody((match[2] ?? '').replace(/[\r\n \t]/g, ''))
}

function readBody(base64: string): PemBody {
  const der = Buffer.from(base64, 'base64')
  if (der.toString('base64') !== base64) return no('the PEM block is not base64')
  // What follows the outer SEQUENCE would change the key's id, but not the key.
  return derLength(der) === der.length ? { ok: true, der } : no('the key is not one DER value')
}

function derLength(der: Uint8Array): number | undefined {
  const [tag, first = 0, second = 0, third = 0] = der
  if (tag !== 0x30) return undefined
  if (first < 0x80) return 2 + first
  if (first === 0x81) return 3 + second
  return first === 0x82 ? 4 + second * 256 + third : undefined
}

function explainLabel(label: string): string {
  if (label.endsWith('PRIVATE KEY'))
    return 'this is a private key: keep it secret, and give the public one, which openssl pkey -in KEY.pem -pubout prints'
  if (label === 'RSA PUBLIC KEY') return `the PEM block is an RSA PUBLIC KEY (PKCS#1), expected a PUBLIC KEY; ${CONVERT_PKCS1}`
  if (label === 'CERTIFICATE') return `the PEM block is a certificate, expected a PUBLIC KEY; ${FROM_CERTIFICATE}`
  return `the PEM block is a ${label}, expected a PUBLIC KEY`
}

function no(reason: string): PemBody {
  return { ok: false, reason }
}
