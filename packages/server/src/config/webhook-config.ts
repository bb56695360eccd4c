import type { GateSettings } from '@countersign/gate/settings.ts'
import type { Address } from './address.ts'
import type { LayeredValues } from './layers.ts'
import { type PinConfig, readPinConfig } from './pin-config.ts'
import { LOG_LEVELS, type LogLevel, type SettingReader, UNDECIDED } from './reader.ts'

/** What a server and a gate that stands alone are told alike: how their webhook answers, and how their process lives. */
export interface WebhookConfig {
  /** PEM file of the authority whose client certificates the webhook verifies; none are demanded. */
  readonly webhookClientCa?: string
  readonly hostnames: readonly string[]
  readonly dataFolder: string
  /** Each as the gate takes it. */
  readonly gate: Pick<GateSettings, 'undecided' | 'webhookName' | 'imageReviewMustShow' | 'stalenessBudgetMs' | 'maxBodyBytes' | 'maxBytesInFlight'>
  readonly pin: PinConfig
  readonly readyFile?: string
  /** Where metrics are told; absent: nowhere. */
  readonly metricsListen?: Address
  readonly drainMs: number
  readonly logLevel: LogLevel
}

/** Reads what both tables of settings have; what is wrong is complained of to the reader. */
export function readWebhookConfig<N extends string>(
  values: LayeredValues<N | WebhookSetting>,
  reader: SettingReader<N | WebhookSetting>,
): WebhookConfig {
  const [webhookClientCa, readyFile] = [values.one('webhook-client-ca')?.text, values.one('ready-file')?.text]
  const metricsListen = reader.addressIfSet('metrics-listen')
  return {
    ...(webhookClientCa === undefined ? {} : { webhookClientCa }),
    ...(readyFile === undefined ? {} : { readyFile }),
    ...(metricsListen === undefined ? {} : { metricsListen }),
    hostnames: values.many('hostname'),
    dataFolder: values.one('data')?.text ?? '',
    gate: {
      undecided: reader.choice('undecided', UNDECIDED),
      webhookName: reader.dnsName('webhook-name'),
      imageReviewMustShow: reader.unseen('image-review-must-show'),
      stalenessBudgetMs: reader.integer('staleness-budget', 1, 30 * 24 * 3600) * 1000,
      maxBodyBytes: reader.integer('max-review-bytes', 1024, 256 * 1024 * 1024),
      maxBytesInFlight: reader.integer('max-inflight-bytes', 1024, 16 * 1024 * 1024 * 1024),
    },
    pin: readPinConfig(values, reader),
    drainMs: reader.integer('drain-seconds', 0, 3600) * 1000,
    logLevel: reader.choice('log-level', LOG_LEVELS),
  }
}

type WebhookSetting =
  | 'webhook-client-ca'
  | 'hostname'
  | 'data'
  | 'ready-file'
  | 'pin-registry'
  | 'pin-docker-config'
  | 'metrics-listen'
  | 'undecided'
  | 'webhook-name'
  | 'image-review-must-show'
  | 'staleness-budget'
  | 'max-review-bytes'
  | 'max-inflight-bytes'
  | 'drain-seconds'
  | 'log-level'
