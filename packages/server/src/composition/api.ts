import { makeRestHandler } from '@countersign/api/rest/rest-handler.ts'
import type { Store } from '@countersign/adapters/store/store.ts'
import { serveAll } from '../api/services.ts'
import type { ServerConfig } from '../config/config.ts'
import { type ApiPort, openApiPort } from '../doors/api-port.ts'
import type { Authenticate } from '../doors/authentication.ts'
import { makeGrpcDoor } from '../doors/grpc-door.ts'
import { makeHttpDoor } from '../doors/http-door.ts'
import type { Welcome } from '../doors/root-page.ts'
import type { Centre } from './centre.ts'
import type { DoorCertificates } from './door-certificates.ts'
import type { Flows } from './flows.ts'
import type { GateThread } from './gate-thread.ts'
import type { ServerLog } from './log.ts'

/** What the API answers from. */
export interface ApiParts {
  readonly config: Pick<ServerConfig, 'listen'>
  readonly version: string
  readonly log: Pick<ServerLog, 'answer'>
  readonly store: Store
  readonly flows: Flows
  readonly gate: GateThread
  readonly centre: Centre
  readonly authenticate: Authenticate
  readonly certificates: DoorCertificates
  readonly webhookUrl: string
  readonly startTime: string
  /** Known once the port is open. */
  readonly welcome: () => Welcome | undefined
  readonly isReady: () => boolean
}

/** Opens the API port: REST and gRPC over the same services. */
export async function openApi({ config, version, log, store, flows, gate, centre, authenticate, certificates, ...open }: ApiParts): Promise<ApiPort> {
  const { webhookUrl, startTime, welcome, isReady } = open
  const webhook = () => ({ url: webhookUrl, caBundle: certificates.webhookCaBundle() })
  const about = { version, startTime, apiUrl: () => welcome()?.apiUrl ?? '', webhook, feedPosition: () => store.feed.head() }
  const status = { ...about, gate: gate.status, remote: flows.gates.listGates, now: Date.now }
  const services = serveAll(flows, { webhook, status, gates: centre.parts })
  const rest = makeRestHandler(services)
  const http = makeHttpDoor({ rest, authenticate, streams: centre.streams, welcome, isReady, onAnswer: log.answer })
  const grpc = makeGrpcDoor({ services, authenticate, onAnswer: log.answer })
  const tls = certificates.api
  return await openApiPort({ address: config.listen, http, grpc, ...(tls === undefined ? {} : { tls }) })
}
