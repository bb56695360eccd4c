import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runPart } from '../harness/parts.ts'

/** A certificate and its key, as files in PEM. */
export interface CertificateFiles {
  readonly certificate: string
  readonly key: string
}

/** Who is who in a control plane: files that live as long as its folder. */
export interface Certificates {
  readonly authority: CertificateFiles
  readonly apiServer: CertificateFiles
  /** `system:masters`: tests, controllers, scheduler and kubelet, because what they may do is not what is tested. */
  readonly admin: CertificateFiles
  /** What the API server shows to webhooks. */
  readonly webhookClient: CertificateFiles
  /** Signs the tokens of service accounts, and verifies them. */
  readonly serviceAccounts: { readonly privateKey: string; readonly publicKey: string }
}

const SERVER_NAMES = 'subjectAltName=DNS:localhost,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:10.0.0.1'

/** Makes the authority, then everything that it vouches for. P-256 all of it, good for two days. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  // The machine's own configuration would add extensions that stand here already.
  const config = join(folder, 'openssl.cnf')
  writeFileSync(config, '[req]\ndistinguished_name = name\n[name]\n')
  const maker = { folder, config }
  const authority = await makeCertificate(maker, 'authority', '/CN=test authority', ['basicConstraints=critical,CA:TRUE'])
  const issued = { ...maker, authority }
  const [apiServer, admin, webhookClient, privateKey] = await Promise.all([
    makeCertificate(issued, 'api-server', '/CN=kube-apiserver', ['extendedKeyUsage=serverAuth', SERVER_NAMES]),
    makeCertificate(issued, 'admin', '/O=system:masters/CN=admin', ['extendedKeyUsage=clientAuth']),
    makeCertificate(issued, 'webhook-client', '/CN=kube-apiserver-webhook-client', ['extendedKeyUsage=clientAuth']),
    makeKey(folder, 'service-account.key'),
  ])
  const publicKey = join(folder, 'service-account.pub')
  await runPart('openssl', ['pkey', '-in', privateKey, '-pubout', '-out', publicKey])
  return { authority, apiServer, admin, webhookClient, serviceAccounts: { privateKey, publicKey } }
}

interface Maker {
  readonly folder: string
  readonly config: string
  /** Who signs; absent for the authority itself. */
  readonly authority?: CertificateFiles
}

async function makeCertificate(maker: Maker, name: string, subject: string, extensions: readonly string[]): Promise<CertificateFiles> {
  const files = { certificate: join(maker.folder, `${name}.crt`), key: await makeKey(maker.folder, `${name}.key`) }
  const { authority } = maker
  const signer = authority === undefined ? [] : ['-CA', authority.certificate, '-CAkey', authority.key]
  const added = extensions.flatMap((extension) => ['-addext', extension])
  const request = ['req', '-x509', '-new', '-config', maker.config, '-key', files.key, '-subj', subject, '-days', '2']
  await runPart('openssl', [...request, ...signer, ...added, '-out', files.certificate])
  return files
}

async function makeKey(folder: string, name: string): Promise<string> {
  const file = join(folder, name)
  await runPart('openssl', ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', file])
  return file
}
