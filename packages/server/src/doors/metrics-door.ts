import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { StatusError } from '@countersign/core/status.ts'
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import { type Address, cannotListen } from '../config/address.ts'

/** How a gate stands at the moment of a scrape, as far as its metrics tell it. */
export interface MeasuredGate {
  readonly position: number
  readonly staleForMs: number
  readonly unshipped: number
  /** `answers.denied: 3`: group and name come from a closed list of the program, so that no caller makes a label. */
  readonly counters: Readonly<Record<string, number>>
}

/** An open door for Prometheus. */
export interface MetricsDoor {
  readonly port: number
  close(): Promise<void>
}

/**
 * Opens `GET /metrics` in the text format of Prometheus, in plain HTTP and without credentials, as its scrapers expect it: what is told is counts,
 * never a name. A gate that does not answer at once is told by `countersign_gate_up 0`. Rejects with UNAVAILABLE where the address cannot be had.
 */
export async function openMetricsDoor(address: Pick<Address, 'host' | 'port'>, gate: () => Promise<MeasuredGate>): Promise<MetricsDoor> {
  const { registry, show } = gateMetrics()
  collectDefaultMetrics({ register: registry })
  const tell = async (): Promise<string> => {
    show(await gate().catch(() => undefined))
    return await registry.metrics()
  }
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 5_000, maxHeaderSize: 8 * 1024 }, (request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end()
      return
    }
    tell().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(new StatusError('UNAVAILABLE', cannotListen('--metrics-listen', address, cause), { cause })),
    )
    server.listen(address.port, address.host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** The counters of the gate, by the groups that it counts in. */
const GROUPS = {
  answers: { name: 'countersign_gate_answers_total', label: 'verdict', help: 'Reviews that were answered with a verdict' },
  overridden: { name: 'countersign_gate_overridden_total', label: 'reason', help: 'Admissions in spite of a denial' },
  undecided: { name: 'countersign_gate_undecided_total', label: 'reason', help: 'Reviews that could not be decided' },
  refusedByDoor: { name: 'countersign_gate_refused_total', label: 'cause', help: 'Requests that were refused before they were read' },
} as const

/** The metrics of a gate, and how what was seen of it goes into them. */
interface GateMetrics {
  readonly registry: Registry
  show(seen: MeasuredGate | undefined): void
}

function gateMetrics(): GateMetrics {
  const registry = new Registry()
  const registers = [registry]
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers })
  const up = gauge('countersign_gate_up', 'Whether the gate told how it stands')
  const position = gauge('countersign_gate_feed_position', 'Position of the change feed that the gate has applied')
  const stale = gauge('countersign_gate_stale_seconds', 'For how long the gate has not heard from its store')
  const unshipped = gauge('countersign_gate_unshipped_records', 'Decisions in the spool that the store does not have yet')
  const groups = Object.entries(GROUPS).map(([group, { name, label, help }]) => {
    const counter = new Counter({ name, help, labelNames: [label], registers })
    return { prefix: `${group}.`, label, counter }
  })
  return { registry, show }

  function show(seen: MeasuredGate | undefined): void {
    up.set(seen === undefined ? 0 : 1)
    if (seen === undefined) return
    position.set(seen.position)
    stale.set(seen.staleForMs / 1000)
    unshipped.set(seen.unshipped)
    for (const { prefix, label, counter } of groups) {
      counter.reset()
      const counts = Object.entries(seen.counters).filter(([key]) => key.startsWith(prefix))
      for (const [key, count] of counts) counter.inc({ [label]: key.slice(prefix.length) }, count)
    }
  }
}
