import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after } from 'node:test'
import { runCli } from '../harness/cli.ts'
import { clientEnvironment, startServer } from '../harness/server.ts'
import { tempFolder } from '../harness/temp-folder.ts'
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
  /** Changes what the API server's ImagePolicyWebhook plugin is told. */
  readonly setReviewPolicy: (policy: Policy) => Promise<void>
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
  await asAdministrator(['clusters', 'register', CLUSTER, '--project', IMAGE_REVIEW])
  const printed = await asAdministrator(['install', '--print', '--image-policy-webhook', '--cluster', CLUSTER, '--project', IMAGE_REVIEW])
  const plane = await startControlPlane({ url: server.webhookUrl, caFile: server.caFile, admissionFile: writeSetUpFiles(printed) })
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
  const setReviewPolicy = async (policy: Policy) =>
    void (await asAdministrator(['policy', 'import', '-', '--project', IMAGE_REVIEW], JSON.stringify(policy)))
  return { plane, setReviewPolicy, kubectl: makeKubectl(plane.kubeconfig), countersign, tryPod }
}

/** Puts the printed files where a person would, but for the folder; gives the path of the first, which names the others. */
function writeSetUpFiles(printed: string): string {
  const folder = tempFolder()
  const documents = printed.split('---\n').slice(1)
  const paths = documents.map((document) => {
    const path = join(folder, basename(/^# (.*)$/m.exec(document)?.[1] ?? ''))
    writeFileSync(path, document.replaceAll('/etc/kubernetes/countersign', folder))
    return path
  })
  return paths[0] ?? ''
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
