import { hash } from 'node:crypto'

/** SHA-256 as 64 lower-case hexadecimal digits. A text is hashed as its UTF-8 bytes. */
export function sha256Hex(data: Uint8Array | string): string {
  return hash('sha256', data, 'hex')
}
