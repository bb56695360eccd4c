import { cpus } from 'node:os'
import { callApi } from '../test/cluster/api-client.ts'
import { type ControlPlane, missingControlPlane, startControlPlane } from '../test/cluster/control-plane.ts'
import { makeCountersign } from '../test/cluster/guarded-cluster.ts'
import { makeKubectl } from '../test/cluster/kubectl.ts'
import { pod } from '../test/cluster/objects.ts'
import { requireBuilt } from '../test/cluster/policies.ts'
import { imageNamed, openNamespace, openRoom } from '../test/cluster/room.ts'
import { startServer } from '../test/harness/server.ts'

// npm run bench -- --cluster: Pods per second through a real API server, in a namespace that the webhook guards and in one that it does
// not, in bursts that alternate. The image is attested, signed by a key, and was admitted before. Nothing schedules the Pods.
const BURSTS = 6
const PER_BURST = 300
const WARM_UP = 200

interface Burst {
  readonly latenciesMs: readonly number[]
  readonly perSecond: number
}

/** Measures and gives the table. Throws where the control plane was not built. */
async function measureCluster(): Promise<string> {
  const missing = missingControlPlane()
  if (missing !== false) throw new Error(missing)
  const server = await startServer()
  const plane = await startControlPlane(undefined)
  try {
    const cluster = { server, plane, kubectl: makeKubectl(plane.kubeconfig), countersign: makeCountersign(server) }
    const guarded = await openRoom(cluster, 'with')
    const sign = await guarded.openAttestor()
    await guarded.setPolicy(requireBuilt('with'))
    await sign(imageNamed('bench'))
    await openNamespace(cluster, 'without')
    const rows: string[] = []
    for (const namespace of ['without', 'with']) await burst(plane, namespace, { inFlight: 20, count: WARM_UP })
    for (const inFlight of [1, 20]) rows.push(await compare(plane, inFlight))
    const head =
      '| in flight | Pods/s: without | with | p50 ms: without | with | added | p99 ms: without | with |\n| --- | --- | --- | --- | --- | --- | --- | --- |'
    return `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}; ${BURSTS} bursts of ${PER_BURST} Pods for each in turn.\n\n${head}\n${rows.join('\n')}`
  } finally {
    await plane.stop()
    await server.stop()
  }
}

async function compare(plane: ControlPlane, inFlight: number): Promise<string> {
  const bursts: Record<'with' | 'without', Burst[]> = { with: [], without: [] }
  for (let turn = 0; turn < BURSTS; turn++) {
    for (const namespace of ['without', 'with'] as const) bursts[namespace].push(await burst(plane, namespace, { inFlight, count: PER_BURST }))
  }
  const [without, guarded] = [bursts.without, bursts.with]
  const latency = (of: readonly Burst[], share: number) =>
    quantile(
      of.flatMap(({ latenciesMs }) => latenciesMs),
      share,
    )
  const perSecond = (of: readonly Burst[]) =>
    quantile(
      of.map((one) => one.perSecond),
      0.5,
    ).toFixed(0)
  const [before, after] = [latency(without, 0.5), latency(guarded, 0.5)]
  const tails = [latency(without, 0.99), latency(guarded, 0.99)].map((ms) => ms.toFixed(1))
  return `| ${inFlight} | ${perSecond(without)} | ${perSecond(guarded)} | ${before.toFixed(1)} | ${after.toFixed(1)} | ${(after - before).toFixed(1)} | ${tails.join(' | ')} |`
}

let made = 0

async function burst(
  plane: ControlPlane,
  namespace: string,
  { inFlight, count }: { readonly inFlight: number; readonly count: number },
): Promise<Burst> {
  const latenciesMs: number[] = []
  let left = count
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const object = pod(`pod-${++made}`, imageNamed('bench')) as { spec: object }
      const begun = performance.now()
      const { status, body } = await callApi(plane.client, 'POST', `/api/v1/namespaces/${namespace}/pods`, {
        ...object,
        spec: { ...object.spec, schedulerName: 'nobody' },
      })
      if (status !== 201) throw new Error(`A Pod was not made: ${status} ${body}`)
      latenciesMs.push(performance.now() - begun)
    }
  }
  const begun = performance.now()
  await Promise.all(Array.from({ length: inFlight }, worker))
  return { latenciesMs, perSecond: (count / (performance.now() - begun)) * 1000 }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? 0
}

if (import.meta.main) {
  const report = await measureCluster()
  // The harness of the tests is a test run to node:test, which would add its own summary.
  process.stdout.write(`${report}\n`, () => process.exit(0))
}
