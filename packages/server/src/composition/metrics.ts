import type { Address } from '../config/address.ts'
import type { MeasuredGate } from '../doors/metrics-door.ts'

/** Opens the door for metrics where one is wanted. Its library is loaded only then: it costs every start what few ask for. */
export async function openMetrics(address: Address | undefined, gate: () => Promise<MeasuredGate>): Promise<{ close(): Promise<void> }> {
  if (address === undefined) return { close: async () => undefined }
  const { openMetricsDoor } = await import('../doors/metrics-door.ts')
  return await openMetricsDoor(address, gate)
}
