import { openClusterSources } from '@countersign/adapters/store/cluster-source.ts'
import type { GateParts } from '../api/gates.ts'
import type { Authenticate } from '../doors/authentication.ts'
import { type ChangeStreams, makeChangeStreams } from '../doors/change-stream.ts'
import type { Flows } from './flows.ts'
import type { ServerLog } from './log.ts'

/** What this server is to gates that stand alone. */
export interface Centre {
  readonly parts: GateParts
  readonly streams: ChangeStreams
  close(): Promise<void>
}

export interface CentreOptions {
  readonly storeFile: string
  readonly flows: Flows
  readonly authenticate: Authenticate
  readonly feedPosition: () => Promise<number>
  readonly log: Pick<ServerLog, 'error'>
}

/** Opens the store for gates, through connections that only read and that nobody else waits for. */
export function openCentre({ storeFile, flows: { gates }, authenticate, feedPosition, log }: CentreOptions): Centre {
  const onDamage = (project: string, { message }: Error): void =>
    log.error('A project is damaged: no gate learns anything of it', { project, err: message })
  const sources = openClusterSources({ path: storeFile, onDamage })
  return { parts: { gates, sources, feedPosition }, streams: makeChangeStreams({ gates, sources, authenticate }), close: () => sources.close() }
}
