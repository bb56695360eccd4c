import { Status } from '@countersign/api/gen/countersign/v1/status_pb.ts'
import { serve, type ServedService } from '@countersign/api/rest/service-implementation.ts'
import type { GateStatus } from '../composition/gate-protocol.ts'
import type { CallContext } from './call-context.ts'
import type { WebhookAddress } from './clusters.ts'
import { toTimestamp } from './time.ts'

export interface StatusParts {
  readonly version: string
  readonly startTime: string
  readonly apiUrl: () => string
  readonly webhook: () => WebhookAddress
  readonly feedPosition: () => Promise<number>
  readonly gate: () => Promise<GateStatus>
}

/** `countersign.v1.Status`: how the server and its gate stand. For everybody who may call at all. */
export function serveStatus(parts: StatusParts): ServedService<CallContext> {
  return serve(Status, {
    getStatus: async () => {
      const [feedPosition, gate] = await Promise.all([parts.feedPosition(), parts.gate()])
      const { url, caBundle } = parts.webhook()
      return {
        version: parts.version,
        startTime: toTimestamp(parts.startTime),
        feedPosition: BigInt(feedPosition),
        gates: [formatGate(gate)],
        apiUrl: parts.apiUrl(),
        webhookUrl: url,
        caBundle,
      }
    },
  })
}

function formatGate({ writer, position, staleForMs, unshipped, counters }: GateStatus): {
  writer: string
  feedPosition: bigint
  staleForMs: bigint
  unshippedRecords: bigint
  counters: Record<string, bigint>
} {
  return {
    writer,
    feedPosition: BigInt(position),
    staleForMs: BigInt(Math.round(staleForMs)),
    unshippedRecords: BigInt(unshipped),
    counters: Object.fromEntries(Object.entries(counters).map(([name, count]) => [name, BigInt(count)])),
  }
}
