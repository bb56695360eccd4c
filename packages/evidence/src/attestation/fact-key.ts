import { createHash } from 'node:crypto'
import type { LoadedPkixKey } from '../key/pkix-key.ts'
import type { LoadedPgpKey } from '../pgp/pgp-key.ts'

/**
 * The exact inputs of a verdict as one text of 64 hexadecimal digits: payload, signature and key (with its algorithm), each behind its length, so that no
 * byte can move from one to the next. The same text means the same verdict, whichever attestation, note or project it came from.
 */
export function factKey(payload: Uint8Array, signature: Uint8Array, key: LoadedPkixKey | LoadedPgpKey): string {
  const hash = createHash('sha256')
  const lengths = `countersign.fact.v1\n${key.fingerprint.length} ${payload.length} ${signature.length}\n`
  return hash.update(lengths).update(key.fingerprint).update(payload).update(signature).digest('hex')
}
