import type { BreakGlassUse } from '@countersign/gate/break-glass/use.ts'
import type { SpoolRecord } from '@countersign/gate/ports.ts'
import type { GateSettings } from '@countersign/gate/settings.ts'
import type { PinConfig } from '../config/pin-config.ts'

/*
 * The wire between the server's main thread and the worker in which the gate runs. Requests carry an id and are answered
 * once; everything is structured-cloned, so only plain data travels.
 */

/** What the webhook shows, and whose client certificates it verifies. */
export interface WebhookTls {
  readonly cert: string
  readonly key: string
  readonly clientCa?: string
}

/** What the worker is started with. */
export interface GateWorkerData {
  readonly storeFile: string
  readonly spoolFolder: string
  readonly host: string
  readonly port: number
  readonly tls: WebhookTls
  readonly settings: Partial<GateSettings>
  readonly pin: PinConfig
}

/** From the server to the gate. */
export type ToGate =
  /** The feed has reached `position`: apply it, then answer `APPLIED`. */
  | { readonly type: 'WAKE'; readonly id: number; readonly position: number }
  | { readonly type: 'SHIPPED'; readonly id: number; readonly sequence: number }
  | { readonly type: 'SHIP_FAILED'; readonly id: number; readonly message: string }
  | { readonly type: 'CERTIFICATE'; readonly tls: WebhookTls }
  | { readonly type: 'STATUS'; readonly id: number }
  | { readonly type: 'CLOSE'; readonly graceMs: number }

/** From the gate to the server. */
export type FromGate =
  | { readonly type: 'LISTENING'; readonly port: number; readonly writer: string }
  | { readonly type: 'APPLIED'; readonly id: number }
  | { readonly type: 'SHIP'; readonly id: number; readonly writer: string; readonly records: readonly SpoolRecord[] }
  | { readonly type: 'STATUS'; readonly id: number; readonly status: GateStatus }
  | { readonly type: 'LOG'; readonly level: 'info' | 'warn' | 'error'; readonly message: string; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly type: 'BREAK_GLASS'; readonly use: BreakGlassUse }
  | { readonly type: 'FAILED'; readonly message: string }
  | { readonly type: 'CLOSED' }

/** How the gate stands, for `status` and metrics. */
export interface GateStatus {
  readonly writer: string
  readonly position: number
  readonly staleForMs: number
  /** Records in its spool that the store does not have yet. */
  readonly unshipped: number
  readonly counters: Readonly<Record<string, number>>
}
