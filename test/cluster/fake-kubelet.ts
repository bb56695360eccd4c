import { type ApiClient, callApi, watchApi } from './api-client.ts'

const NODE = 'fake-node'
const CAPACITY = { cpu: '64', memory: '256Gi', pods: '1000' }

/** A kubelet that is being played. */
export interface FakeKubelet {
  readonly stop: () => Promise<void>
}

interface PodEvent {
  readonly type: string
  readonly object: Pod
}

interface Pod {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly deletionTimestamp?: string }
  readonly spec: {
    readonly containers: readonly Named[]
    readonly initContainers?: readonly Named[]
    readonly ephemeralContainers?: readonly Named[]
  }
  readonly status?: { readonly phase?: string; readonly ephemeralContainerStatuses?: readonly unknown[] }
}

interface Named {
  readonly name: string
  readonly image: string
}

/**
 * Plays a node on which every Pod runs at once and dies when it is told to. It pulls nothing: whether an image may run is
 * settled before a kubelet hears of it, and that is what is tested.
 */
export async function startFakeKubelet(client: ApiClient): Promise<FakeKubelet> {
  await join(client)
  const end = new AbortController()
  const played = play(client, end.signal)
  return {
    stop: async () => {
      end.abort()
      await played
    },
  }
}

/** The API server marks a new node as not ready by a taint that only a node-lifecycle controller would take away; none runs here. */
async function join(client: ApiClient): Promise<void> {
  // There already, in a cluster that was stopped and started again.
  await ignoreGone(callApi(client, 'POST', '/api/v1/nodes', { metadata: { name: NODE } }))
  const condition = { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'played' }
  await call(client, 'PATCH', `/api/v1/nodes/${NODE}/status`, {
    status: { capacity: CAPACITY, allocatable: CAPACITY, conditions: [condition], nodeInfo: {} },
  })
  await call(client, 'PATCH', `/api/v1/nodes/${NODE}`, { spec: { taints: null } })
}

async function play(client: ApiClient, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const event of watchApi(client, `/api/v1/pods?watch=true&fieldSelector=spec.nodeName%3D${NODE}`, signal)) {
        await act(client, event as PodEvent)
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
}

async function act(client: ApiClient, { type, object: pod }: PodEvent): Promise<void> {
  if (type !== 'ADDED' && type !== 'MODIFIED') return
  const path = `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}`
  if (pod.metadata.deletionTimestamp !== undefined) return ignoreGone(callApi(client, 'DELETE', `${path}?gracePeriodSeconds=0`))
  const debuggers = pod.spec.ephemeralContainers?.length ?? 0
  if (pod.status?.phase === 'Running' && debuggers === (pod.status.ephemeralContainerStatuses?.length ?? 0)) return
  return ignoreGone(callApi(client, 'PATCH', `${path}/status`, { status: running(pod) }))
}

function running({ spec }: Pod): object {
  const startedAt = new Date().toISOString()
  const statusOf = (state: object) => (container: Named) => ({
    name: container.name,
    image: container.image,
    imageID: container.image,
    ready: true,
    started: true,
    restartCount: 0,
    state,
  })
  return {
    phase: 'Running',
    startTime: startedAt,
    hostIP: '127.0.0.1',
    podIP: '10.1.0.1',
    podIPs: [{ ip: '10.1.0.1' }],
    conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({ type, status: 'True', lastTransitionTime: startedAt })),
    containerStatuses: spec.containers.map(statusOf({ running: { startedAt } })),
    initContainerStatuses: (spec.initContainers ?? []).map(statusOf({ terminated: { exitCode: 0, reason: 'Completed' } })),
    ephemeralContainerStatuses: (spec.ephemeralContainers ?? []).map(statusOf({ running: { startedAt } })),
  }
}

/** An object may be gone, or another one by its name be there, by the time that it is written. */
async function ignoreGone(answering: ReturnType<typeof callApi>): Promise<void> {
  const { status, body } = await answering
  if (status >= 300 && status !== 404 && status !== 409) throw new Error(`The kubelet met ${status}: ${body}`)
}

async function call(client: ApiClient, method: string, path: string, body: object): Promise<void> {
  const answer = await callApi(client, method, path, body)
  if (answer.status >= 300) throw new Error(`Cannot ${method} ${path}: ${answer.status} ${answer.body}`)
}
