import { createPrivateKey, X509Certificate } from 'node:crypto'
import { StatusError } from '@countersign/core/status.ts'
import { readNamedFile } from '../named-file.ts'
import type { PemPair } from './authority.ts'

/** What a door shows, and what its clients trust. */
export interface ShownCertificate {
  readonly pair: PemPair
  readonly caBundle: string
}

/** Where somebody else puts a certificate: a Secret's volume, cert-manager, an administrator. */
export interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
  /** The authorities of the certificate; absent: it is trusted by itself. */
  readonly caFile?: string
}

/**
 * Reads what the files hold at this moment. Throws FAILED_PRECONDITION where one is missing or the key is not the
 * certificate's, as it is for a moment while files are replaced one after the other.
 */
export function readCertificateFiles({ certFile, keyFile, caFile }: CertificateFiles): ShownCertificate {
  const pair = { cert: readNamedFile(certFile, 'PEM file'), key: readNamedFile(keyFile, 'PEM file') }
  if (!belongTogether(pair)) throw new StatusError('FAILED_PRECONDITION', `Certificate "${certFile}" and key "${keyFile}" do not belong together`)
  return { pair, caBundle: caFile === undefined ? pair.cert : readNamedFile(caFile, 'PEM file') }
}

function belongTogether({ cert, key }: PemPair): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))
  } catch {
    return false
  }
}
