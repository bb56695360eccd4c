import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { KubernetesClient } from './client.ts'

/** Who wants to lead, and for how long a leader who falls silent still counts. */
export interface LeaseOptions {
  readonly namespace: string
  readonly name: string
  readonly holder: string
  readonly durationMs: number
}

/**
 * Takes or renews a coordination.k8s.io Lease. True: this holder leads for the next `durationMs`. False: another does, or
 * was faster. `seen` is what this process remembers between calls: as client-go, it goes by how long the record has not
 * changed on its own clock, never by the times in it, so that no clock but one's own matters. `now` is monotonic, in ms.
 */
export async function holdLease(
  client: KubernetesClient,
  { namespace, name, holder, durationMs }: LeaseOptions,
  seen: { version: string; since: number },
  clock: { readonly now: number; readonly timestamp: string },
): Promise<boolean> {
  const folder = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
  const found = await client.find(`${folder}/${name}`)
  const spec = { holderIdentity: holder, leaseDurationSeconds: Math.ceil(durationMs / 1000), renewTime: microTime(clock.timestamp) }
  if (found === undefined) {
    const fresh = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace },
      spec: { ...spec, acquireTime: spec.renewTime },
    }
    return await unlessOvertaken(client.create(folder, fresh))
  }
  const old = memberOf(found, 'spec')
  const version = String(memberOf(found, 'metadata')['resourceVersion'])
  if (version !== seen.version) Object.assign(seen, { version, since: clock.now })
  const isOurs = old['holderIdentity'] === holder
  const isFree = (old['holderIdentity'] ?? '') === '' || clock.now - seen.since >= durationMs
  if (!isOurs && !isFree) return false
  const changed = isOurs ? spec : { ...spec, acquireTime: spec.renewTime }
  return await unlessOvertaken(client.replace(`${folder}/${name}`, { ...found, spec: { ...old, ...changed } }))
}

async function unlessOvertaken(writing: Promise<unknown>): Promise<boolean> {
  try {
    await writing
    return true
  } catch (error) {
    if (error instanceof StatusError && (error.code === 'ABORTED' || error.code === 'ALREADY_EXISTS')) return false
    throw error
  }
}

function memberOf(object: JsonObject, name: string): JsonObject {
  const value = object[name]
  return isJsonObject(value) ? value : {}
}

/** Leases carry microseconds. */
function microTime(timestamp: string): string {
  return new Date(timestamp).toISOString().replace('Z', '000Z')
}
