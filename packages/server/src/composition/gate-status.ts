import type { GateCounters } from '@countersign/gate/door/metrics.ts'
import type { Gate } from '@countersign/gate/gate.ts'
import type { GateStatus } from './gate-protocol.ts'

/** How a gate stands, as `status` shows it. */
export function statusOf(gate: Pick<Gate, 'status'>): GateStatus {
  const { spool, position, ageMs, counters } = gate.status()
  return { writer: spool.writer, position, staleForMs: ageMs, unshipped: spool.sequence - spool.shipped, counters: flatten(counters) }
}

/** `{answers: {allowed: 1}}` → `{'answers.allowed': 1}`: every name is from a closed list of the program. */
function flatten(counters: GateCounters): Readonly<Record<string, number>> {
  const rows = Object.entries(counters).flatMap(([group, counts]) =>
    Object.entries(counts).map(([name, count]) => [`${group}.${name}`, Number(count)] as const),
  )
  return Object.fromEntries(rows)
}
