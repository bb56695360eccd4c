import type { GateTables } from '../gates/ports.ts'
import type { MemoryState } from './memory-state.ts'

/** What the store keeps of gates that stand alone, in memory. */
export function gatesOver({ gates, audit }: MemoryState): GateTables {
  return {
    findGate: async (writer) => gates.get(writer),
    countGates: async (clusterUid) => [...gates.values()].filter((gate) => gate.clusterUid === clusterUid).length,
    listGates: async (since) =>
      [...gates.values()].filter(({ seenTime }) => seenTime >= since).sort((one, other) => (one.seenTime < other.seenTime ? 1 : -1)),
    putGate: async (gate) => void gates.set(gate.writer, gate),
    hasChain: async (writer) => [...audit.values()].some((row) => row.writer === writer),
  }
}
