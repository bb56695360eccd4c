import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { PemPair } from '@countersign/adapters/certificates/authority.ts'
import type { ShownCertificate } from '@countersign/adapters/certificates/certificate-files.ts'
import { type DataFolder, readFileIfPresent, writeFileDurably } from './data-folder.ts'

/**
 * Reads the authority and the server certificate from the data folder; makes what is missing, near its end or for other names. The authority stays for ever:
 * clusters hold it. The library is loaded only where something must be made.
 */
export async function openCertificates(
  data: DataFolder,
  { hosts, now }: { readonly hosts: readonly string[]; readonly now: number },
): Promise<ShownCertificate> {
  mkdirSync(data.certificatesFolder, { recursive: true, mode: 0o700 })
  const authority = readPair(data, 'authority') ?? (await makeAuthorityFiles(data, now))
  if (readFileIfPresent(data.caFile) !== authority.cert) writeFileDurably(data.caFile, authority.cert, 0o644)
  const pair = (await readGoodServer(data, authority, { hosts, now })) ?? (await issueServerFiles(data, authority, { hosts, now }))
  return { pair, caBundle: authority.cert }
}

async function makeAuthorityFiles(data: DataFolder, now: number): Promise<PemPair> {
  const { makeAuthority } = await import('@countersign/adapters/certificates/authority.ts')
  return writePair(data, 'authority', await makeAuthority(now))
}

async function issueServerFiles(
  data: DataFolder,
  authority: PemPair,
  asked: { readonly hosts: readonly string[]; readonly now: number },
): Promise<PemPair> {
  const { issueServerCertificate } = await import('@countersign/adapters/certificates/authority.ts')
  return writePair(data, 'server', await issueServerCertificate(authority, asked))
}

async function readGoodServer(
  data: DataFolder,
  authority: PemPair,
  asked: { readonly hosts: readonly string[]; readonly now: number },
): Promise<PemPair | undefined> {
  const pair = readPair(data, 'server')
  if (pair === undefined) return undefined
  const { isGoodServer } = await import('@countersign/adapters/certificates/rotation.ts')
  return isGoodServer(pair, { authority, ...asked }) ? pair : undefined
}

/** Certificate and key are one file, so a pair is there whole or not at all. */
function writePair({ certificatesFolder }: DataFolder, name: string, pair: PemPair): PemPair {
  writeFileDurably(join(certificatesFolder, `${name}.pem`), `${pair.cert}${pair.key}`, 0o600)
  return pair
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/
const KEY = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\n/

function readPair({ certificatesFolder }: DataFolder, name: string): PemPair | undefined {
  const text = readFileIfPresent(join(certificatesFolder, `${name}.pem`)) ?? ''
  const cert = CERTIFICATE.exec(text)?.[0]
  const key = KEY.exec(text)?.[0]
  return cert === undefined || key === undefined ? undefined : { cert, key }
}
