import type { CertificateFiles } from '@countersign/adapters/certificates/certificate-files.ts'
import type { Issue, Parsed } from '@countersign/core/parsed.ts'
import type { Address } from './address.ts'
import { type BreakGlassConfig, readBreakGlass } from './break-glass-config.ts'
import type { LayeredValues } from './layers.ts'
import { SettingReader } from './reader.ts'
import type { SettingName } from './settings.ts'
import { readWebhookConfig, type WebhookConfig } from './webhook-config.ts'

/** The server's configuration after parsing: nothing inside reads flags, variables or files. */
export interface ServerConfig extends WebhookConfig, BreakGlassConfig {
  readonly listen: Address
  readonly webhookListen: Address
  readonly webhookUrl?: string
  readonly tls: ApiTls
  /** Absent: the webhook shows a certificate of the own authority. */
  readonly webhookTls?: CertificateFiles
  /** Where checkpoints of the audit log are published beside the data folder. */
  readonly checkpointFiles: readonly string[]
}

export type ApiTls =
  | { readonly mode: 'OFF' }
  | { readonly mode: 'SELF' }
  | { readonly mode: 'FILES'; readonly certFile: string; readonly keyFile: string }

/** Makes a configuration of the layered values; every issue at once, each naming where its value came from. */
export function parseConfig(values: LayeredValues<SettingName>): Parsed<ServerConfig> {
  const issues: Issue[] = []
  const reader = new SettingReader(values, issues)
  const listen = reader.address('listen')
  const webhookListen = reader.address('webhook-listen')
  const tls = readApiTls(values, reader)
  if (listen !== undefined && tls.mode === 'OFF' && !listen.loopback) {
    reader.complain('listen', `Plain text off loopback is refused: add --tls self, or --tls-cert and --tls-key`)
  }
  const webhookUrl = reader.url('webhook-url')
  const webhookTls = reader.certificate({ cert: 'webhook-tls-cert', key: 'webhook-tls-key', ca: 'webhook-tls-ca' })
  const breakGlass = readBreakGlass(values, reader)
  const rest = { ...readWebhookConfig(values, reader), tls, checkpointFiles: values.many('checkpoint-file') }
  if (issues.length > 0 || listen === undefined || webhookListen === undefined) return { ok: false, issues }
  const optional = {
    ...(webhookUrl === undefined ? {} : { webhookUrl }),
    ...(webhookTls === undefined ? {} : { webhookTls }),
    ...breakGlass,
  }
  return { ok: true, value: { listen, webhookListen, ...rest, ...optional } }
}

function readApiTls(values: LayeredValues<SettingName>, reader: SettingReader<SettingName>): ApiTls {
  const mode = values.one('tls')?.text
  if (mode !== undefined && mode !== 'self') reader.complain('tls', `Value "${mode}" is not valid: expected self`)
  const files = reader.certificate({ cert: 'tls-cert', key: 'tls-key' })
  if (files !== undefined) return { mode: 'FILES', ...files }
  return mode === 'self' ? { mode: 'SELF' } : { mode: 'OFF' }
}
