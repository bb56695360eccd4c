import { readFileSync } from 'node:fs'
import { after } from 'node:test'
import { runCli } from '../harness/cli.ts'
import { clientEnvironment, startServer } from '../harness/server.ts'
import { callApi } from './api-client.ts'
import { type ControlPlane, startControlPlane } from './control-plane.ts'
import { CLUSTER, type Countersign, IMAGE_REVIEW, makeCountersign } from './guarded-cluster.ts'
import { type Kubectl, makeKubectl } from './kubectl.ts'
import { pod } from './objects.ts'
import { DENY_ALL, type Policy } from './policies.ts'
import { until } from './until.ts'

/** A Kubernetes of its own, in which something is installed that guards the whole of it. */
export interface InstallCluster {
  readonly plane: ControlPlane
  readonly kubectl: Kubectl
  /** The command line on this Kubernetes: `install`, `uninstall`, `certificates`, `doctor`. Throws where it fails. */
  readonly countersign: Countersign
  /** Asks for a Pod and takes it back; gives what the API server said. */
  readonly tryPod: (name: string, namespace?: string) => Promise<{ readonly status: number; readonly body: string }>
}

let started: Promise<InstallCluster> | undefined
const stops = new AsyncDisposableStack()

/** The installing tests' cluster, started by whoever asks first and stopped after the last test. */
export function installCluster(): Promise<InstallCluster> {
  started ??= start()
  return started
}

async function start(): Promise<InstallCluster> {
  // The plugin of this API server must be answered while the gates of the tests go and come.
  const server = await startServer()
  stops.defer(async () => void (await server.stop()))
  const asAdministrator = makeCountersign(server)
  await asAdministrator(['projects', 'create', IMAGE_REVIEW])
  const registered = await asAdministrator(['clusters', 'register', CLUSTER, '--project', IMAGE_REVIEW, '--format', 'json'])
  const { webhookUrl } = JSON.parse(registered) as { webhookUrl: string }
  const plane = await startControlPlane({ url: webhookUrl, caFile: server.caFile })
  stops.defer(plane.stop)
  await until('the default service account', async () => {
    const { status } = await callApi(plane.client, 'GET', '/api/v1/namespaces/default/serviceaccounts/default')
    return status === 200 ? true : undefined
  })
  const countersign: Countersign = async (args, input = '') => {
    const { code, stdout, stderr } = await runCli(args, { env: { KUBECONFIG: plane.kubeconfig }, input })
    if (code !== 0) throw new Error(`countersign ${args.join(' ')} ended with code ${code}: ${stderr}${stdout}`)
    return stdout
  }
  const tryPod: InstallCluster['tryPod'] = (name, namespace = 'default') =>
    callApi(plane.client, 'POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, pod(name, 'registry.example/app:1'))
  return { plane, kubectl: makeKubectl(plane.kubeconfig), countersign, tryPod }
}

after(() => stops.disposeAsync())

/** A server that guards the installing tests' cluster, and the values that bring its webhook there. */
export interface Gate {
  readonly countersign: Countersign
  /** What the command line needs to talk to it. */
  readonly env: Readonly<Record<string, string>>
  readonly project: string
  readonly webhookUrl: string
  readonly values: object
  readonly setPolicy: (policy: Policy) => Promise<void>
  readonly stop: () => Promise<void>
}

/** Starts one with a project that refuses everything. There is no cluster network, so the webhook has a URL. */
export async function startGate(project: string, args: readonly string[] = []): Promise<Gate> {
  const server = await startServer({ args })
  const countersign = makeCountersign(server)
  const setPolicy = async (policy: Policy) => void (await countersign(['policy', 'import', '-', '--project', project], JSON.stringify(policy)))
  await countersign(['projects', 'create', project])
  await setPolicy(DENY_ALL)
  const { webhookUrl } = JSON.parse(await countersign(['clusters', 'register', CLUSTER, '--project', project, '--format', 'json'])) as {
    webhookUrl: string
  }
  const caBundle = args.length > 0 ? '' : readFileSync(server.caFile).toString('base64')
  const values = {
    mode: 'gate',
    cluster: CLUSTER,
    project,
    upstream: { url: 'https://countersign.example:8080' },
    storage: { kind: 'emptyDir' },
    webhook: { url: webhookUrl, caBundle },
  }
  return { countersign, env: clientEnvironment(server), project, webhookUrl, values, setPolicy, stop: async () => void (await server.stop()) }
}
