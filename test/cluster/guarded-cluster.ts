import { after } from 'node:test'
import { runCli } from '../harness/cli.ts'
import { clientEnvironment, startServer, type StartedServer } from '../harness/server.ts'
import { type ControlPlane, startControlPlane } from './control-plane.ts'
import { type Kubectl, makeKubectl } from './kubectl.ts'

/** The project that answers the API server's ImagePolicyWebhook. It allows everything but in the namespace of the same name. */
export const IMAGE_REVIEW = 'image-review'
export const CLUSTER = 'test.cluster'

/** Runs `countersign ARGS…` as the administrator and gives what it printed; throws where it fails. */
export type Countersign = (args: readonly string[], input?: string) => Promise<string>

/** One Kubernetes and one real server that guards it, for all tests of a run; each test has a room of its own in them. */
export interface GuardedCluster {
  readonly server: StartedServer
  readonly plane: ControlPlane
  readonly kubectl: Kubectl
  readonly countersign: Countersign
}

let started: Promise<GuardedCluster> | undefined
const stops = new AsyncDisposableStack()

/** The run's cluster, started by whoever asks first and stopped after the last test. */
export function guardedCluster(): Promise<GuardedCluster> {
  started ??= start()
  return started
}

/** The command line, on a server. */
export function makeCountersign(server: StartedServer): Countersign {
  return async (args, input = '') => {
    const { code, stdout, stderr } = await runCli(args, { env: clientEnvironment(server), input })
    if (code !== 0) throw new Error(`countersign ${args.join(' ')} ended with code ${code}: ${stderr}${stdout}`)
    return stdout
  }
}

async function start(): Promise<GuardedCluster> {
  const server = await startServer()
  stops.defer(async () => {
    await server.stop()
  })
  const countersign = makeCountersign(server)
  const webhookUrl = await openImageReview(countersign)
  const plane = await startControlPlane({ url: webhookUrl, caFile: server.caFile })
  stops.defer(plane.stop)
  return { server, plane, kubectl: makeKubectl(plane.kubeconfig), countersign }
}

async function openImageReview(countersign: Countersign): Promise<string> {
  await countersign(['projects', 'create', IMAGE_REVIEW])
  const registered = await countersign(['clusters', 'register', CLUSTER, '--project', IMAGE_REVIEW, '--format', 'json'])
  return (JSON.parse(registered) as { webhookUrl: string }).webhookUrl
}

after(() => stops.disposeAsync())
