import type { MessageInitShape } from '@bufbuild/protobuf'
import { type GateStatusSchema, Status } from '@countersign/api/gen/countersign/v1/status_pb.ts'
import { serve, type ServedService } from '@countersign/api/rest/service-implementation.ts'
import type { StoredGate } from '@countersign/service/gates/ports.ts'
import type { Caller } from '@countersign/service/access/caller.ts'
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
  /** Gates that stand alone, as they last reported. */
  readonly remote: () => Promise<readonly StoredGate[]>
  readonly now: () => number
}

/** `countersign.v1.Status`: how the server and its gate stand. For everybody who may call at all. */
export function serveStatus(parts: StatusParts): ServedService<CallContext> {
  return serve(Status, {
    getStatus: async (_request, { caller }) => {
      const [feedPosition, gate, remote] = await Promise.all([parts.feedPosition(), parts.gate(), parts.remote()])
      const visible = remote.filter((one) => isWithinReach(caller, one))
      const { url, caBundle } = parts.webhook()
      return {
        version: parts.version,
        startTime: toTimestamp(parts.startTime),
        feedPosition: BigInt(feedPosition),
        gates: [formatGate(gate), ...visible.map((one) => formatRemote(one, parts.now()))],
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

/** A caller of one project sees its gates alone. */
function isWithinReach(caller: Caller, gate: StoredGate): boolean {
  return caller.project === undefined || caller.project === gate.project
}

/** What it had not heard when it spoke, and for how long it has not spoken since. */
function formatRemote({ writer, project, cluster, report, seenTime }: StoredGate, now: number): MessageInitShape<typeof GateStatusSchema> {
  const { displayName, version, position, policyEtag, staleForMs, unshipped, counters } = report
  return {
    ...formatGate({ writer, position, staleForMs: staleForMs + Math.max(now - Date.parse(seenTime), 0), unshipped, counters }),
    displayName,
    cluster: `projects/${project}/clusters/${cluster}`,
    policyEtag,
    version,
    lastSeenTime: toTimestamp(seenTime),
  }
}
