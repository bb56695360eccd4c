import type { KubernetesClient } from './client.ts'

/** What an Event tells of a Pod that does not exist yet: it is being admitted. */
export interface AdmissionNotice {
  readonly namespace: string
  readonly kind: string
  readonly apiVersion: string
  readonly name: string
  /** CamelCase, for filters: `BreakGlass`. */
  readonly reason: string
  readonly message: string
  /** RFC 3339. */
  readonly time: string
}

const MAX_MESSAGE = 1_024

/** Writes a warning Event (core/v1) into the namespace of the object that it is about. */
export async function writeEvent(client: Pick<KubernetesClient, 'create'>, notice: AdmissionNotice): Promise<void> {
  const { namespace, kind, apiVersion, name, reason, message, time } = notice
  const seconds = time.replace(/\.\d+Z$/, 'Z')
  await client.create(`/api/v1/namespaces/${encodeURIComponent(namespace)}/events`, {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { generateName: 'countersign-', namespace },
    involvedObject: { apiVersion, kind, namespace, name },
    type: 'Warning',
    reason,
    message: message.slice(0, MAX_MESSAGE),
    source: { component: 'countersign' },
    firstTimestamp: seconds,
    lastTimestamp: seconds,
    count: 1,
  })
}
