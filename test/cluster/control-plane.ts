import { join } from 'node:path'
import { findClusterPart } from '../../tools/cluster-parts.mjs'
import { type Child, plainEnvironment, startChild } from '../harness/child.ts'
import { freePort } from '../harness/free-port.ts'
import { tempFolder } from '../harness/temp-folder.ts'
import { type ApiClient, callApi, makeApiClient } from './api-client.ts'
import { type Certificates, makeCertificates } from './certificates.ts'
import { type ImagePolicyBackend, writeAdminKubeconfig, writeAdmissionConfiguration, writeAuditPolicy } from './configuration.ts'
import { startFakeKubelet } from './fake-kubelet.ts'
import { until } from './until.ts'

/** A Kubernetes whose Pods run, but for the containers. */
export interface ControlPlane {
  readonly kubeconfig: string
  readonly auditLog: string
  readonly client: ApiClient
  readonly stop: () => Promise<void>
}

/** Why there is none, as node:test's `skip` wants it: the reason, or false. */
export function missingControlPlane(): string | false {
  return findClusterPart('kubectl') === undefined ? 'the control plane is not built (npm run test:cluster builds it)' : false
}

interface Site {
  readonly folder: string
  readonly certificates: Certificates
  readonly kubeconfig: string
  readonly url: string
  readonly client: ApiClient
}

/**
 * Starts etcd, API server, controller manager, scheduler and a played kubelet on free ports of 127.0.0.1, in a folder of
 * their own, and waits until Pods can be made. `imagePolicy` must be reachable only once a Pod is made. In the folder of one
 * that was stopped, the same cluster starts again.
 */
export async function startControlPlane(imagePolicy: ImagePolicyBackend | undefined, folder: string = tempFolder()): Promise<ControlPlane> {
  const certificates = await makeCertificates(folder)
  const url = `https://127.0.0.1:${await freePort()}`
  const client = makeApiClient(url, certificates)
  const site: Site = { folder, certificates, url, client, kubeconfig: writeAdminKubeconfig(folder, url, certificates) }
  const auditLog = join(folder, 'audit.log')
  // Stops in reverse, here where the start fails half-way: etcd last, because the API server waits for it when it goes.
  await using started = new AsyncDisposableStack()
  const etcd = await startEtcd(folder, started)
  await startApiServer(site, { etcd, imagePolicy, auditLog }, started)
  startPart('kube-controller-manager', controllerManagerFlags(site, await freePort()), started)
  startPart('kube-scheduler', componentFlags(site, await freePort()), started)
  started.defer(() => client.agent.destroy())
  const kubelet = await startFakeKubelet(client)
  started.defer(kubelet.stop)
  const all = started.move()
  return { kubeconfig: site.kubeconfig, auditLog, client, stop: () => all.disposeAsync() }
}

async function startEtcd(folder: string, started: AsyncDisposableStack): Promise<string> {
  const [url, peerUrl] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`]
  const child = startPart(
    'etcd',
    {
      'data-dir': join(folder, 'etcd'),
      'unsafe-no-fsync': true,
      'log-level': 'error',
      'listen-client-urls': url,
      'advertise-client-urls': url,
      'listen-peer-urls': peerUrl,
      'initial-advertise-peer-urls': peerUrl,
      'initial-cluster': `default=${peerUrl}`,
    },
    started,
  )
  await untilAnswers(child, 'etcd', async () => (await fetch(`${url}/health`)).status)
  return url
}

interface ApiServerOptions {
  readonly etcd: string
  readonly imagePolicy: ImagePolicyBackend | undefined
  readonly auditLog: string
}

async function startApiServer(site: Site, { etcd, imagePolicy, auditLog }: ApiServerOptions, started: AsyncDisposableStack): Promise<void> {
  const { folder, certificates } = site
  const child = startPart(
    'kube-apiserver',
    {
      'etcd-servers': etcd,
      'bind-address': '127.0.0.1',
      'secure-port': new URL(site.url).port,
      'tls-cert-file': certificates.apiServer.certificate,
      'tls-private-key-file': certificates.apiServer.key,
      'client-ca-file': certificates.authority.certificate,
      'authorization-mode': 'RBAC',
      'allow-privileged': true,
      'service-account-key-file': certificates.serviceAccounts.publicKey,
      'service-account-signing-key-file': certificates.serviceAccounts.privateKey,
      'service-account-issuer': 'https://kubernetes.default.svc',
      'service-cluster-ip-range': '10.0.0.0/24',
      // It would try for ever to publish an address that is not loopback.
      'endpoint-reconciler-type': 'none',
      ...(imagePolicy === undefined ? {} : { 'enable-admission-plugins': 'ImagePolicyWebhook' }),
      'admission-control-config-file': writeAdmissionConfiguration(folder, imagePolicy, certificates),
      'audit-policy-file': writeAuditPolicy(folder),
      'audit-log-path': auditLog,
    },
    started,
  )
  await untilAnswers(child, 'kube-apiserver', async () => (await callApi(site.client, 'GET', '/readyz')).status)
}

function controllerManagerFlags(site: Site, port: number): Flags {
  return {
    ...componentFlags(site, port),
    'use-service-account-credentials': true,
    'service-account-private-key-file': site.certificates.serviceAccounts.privateKey,
    'root-ca-file': site.certificates.authority.certificate,
    // These would declare a node dead that nobody renews a lease for.
    controllers: '*,-node-ipam-controller,-node-lifecycle-controller,-taint-eviction-controller',
  }
}

function componentFlags({ kubeconfig }: Site, port: number): Flags {
  return {
    kubeconfig,
    'authentication-kubeconfig': kubeconfig,
    'authorization-kubeconfig': kubeconfig,
    'leader-elect': false,
    'bind-address': '127.0.0.1',
    'secure-port': port,
  }
}

type Flags = Readonly<Record<string, string | number | boolean>>

function startPart(name: string, flags: Flags, started: AsyncDisposableStack): Child {
  const path = findClusterPart(name)
  if (path === undefined) throw new Error(`Cannot start ${name}: it is not built`)
  const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)
  const child = startChild(path, args, { env: plainEnvironment() })
  started.defer(async () => {
    await child.stop()
  })
  return child
}

/** A refused connection is no answer yet; a program that ended will never give one. */
async function untilAnswers(child: Child, name: string, ask: () => Promise<number>): Promise<void> {
  let last = 'nothing'
  const ended = child.ended.then(({ code, signal }) => {
    throw new Error(`${name} ended with ${signal ?? `code ${code}`}: ${child.stderr()}`)
  })
  const answered = until(
    `${name} to be ready`,
    async () => {
      try {
        last = String(await ask())
      } catch (error) {
        last = String(error)
      }
      return last === '200' ? true : undefined
    },
    60_000,
  )
  await Promise.race([answered, ended]).catch((error: unknown) => {
    throw new Error(`Cannot start ${name}: it answered ${last}\n${child.stderr().slice(-4_000)}`, { cause: error })
  })
  // From here on its end is the stopping's affair.
  ended.catch(() => undefined)
}
