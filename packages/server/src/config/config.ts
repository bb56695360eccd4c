import type { UnseenByImageReview } from '@countersign/core/admission/evidence.ts'
import type { CertificateFiles } from '@countersign/adapters/certificates/certificate-files.ts'
import type { Issue, Parsed } from '@countersign/core/parsed.ts'
import type { Address } from './address.ts'
import { type BreakGlassHookConfig, readBreakGlassHook } from './break-glass-hook-config.ts'
import type { LayeredValues } from './layers.ts'
import { LOG_LEVELS, type LogLevel, SettingReader, UNDECIDED } from './reader.ts'
import type { SettingName } from './settings.ts'

/** The server's configuration after parsing: nothing inside reads flags, variables or files. */
export interface ServerConfig {
  readonly listen: Address
  readonly webhookListen: Address
  readonly webhookUrl?: string
  readonly hostnames: readonly string[]
  readonly dataFolder: string
  readonly tls: ApiTls
  /** Absent: the webhook shows a certificate of the own authority. */
  readonly webhookTls?: CertificateFiles
  readonly readyFile?: string
  /** PEM file of the authority whose client certificates the webhook verifies; none are demanded. */
  readonly webhookClientCa?: string
  readonly breakGlassHook?: BreakGlassHookConfig
  /** `in-cluster`, or a kubeconfig file. */
  readonly breakGlassEvents?: string
  readonly undecided: 'error' | 'deny'
  readonly webhookName: string
  readonly imageReviewMustShow: readonly UnseenByImageReview[]
  readonly stalenessBudgetMs: number
  readonly maxReviewBytes: number
  readonly maxInflightBytes: number
  readonly drainMs: number
  readonly logLevel: LogLevel
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
  const readyFile = values.one('ready-file')?.text
  const webhookClientCa = values.one('webhook-client-ca')?.text
  const breakGlassHook = readBreakGlassHook(values, reader)
  const breakGlassEvents = values.one('break-glass-events')?.text
  const rest = {
    hostnames: values.many('hostname'),
    dataFolder: values.one('data')?.text ?? '',
    tls,
    undecided: reader.choice('undecided', UNDECIDED),
    webhookName: reader.dnsName('webhook-name'),
    imageReviewMustShow: reader.unseen('image-review-must-show'),
    stalenessBudgetMs: reader.integer('staleness-budget', 1, 30 * 24 * 3600) * 1000,
    maxReviewBytes: reader.integer('max-review-bytes', 1024, 256 * 1024 * 1024),
    maxInflightBytes: reader.integer('max-inflight-bytes', 1024, 16 * 1024 * 1024 * 1024),
    drainMs: reader.integer('drain-seconds', 0, 3600) * 1000,
    logLevel: reader.choice('log-level', LOG_LEVELS),
  }
  if (issues.length > 0 || listen === undefined || webhookListen === undefined) return { ok: false, issues }
  const optional = {
    ...(webhookUrl === undefined ? {} : { webhookUrl }),
    ...(webhookTls === undefined ? {} : { webhookTls }),
    ...(readyFile === undefined ? {} : { readyFile }),
    ...(webhookClientCa === undefined ? {} : { webhookClientCa }),
    ...(breakGlassHook === undefined ? {} : { breakGlassHook }),
    ...(breakGlassEvents === undefined ? {} : { breakGlassEvents }),
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
