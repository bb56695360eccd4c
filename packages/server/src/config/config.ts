import type { UnseenByImageReview } from '@countersign/core/admission/evidence.ts'
import type { CertificateFiles } from '@countersign/adapters/certificates/certificate-files.ts'
import type { Issue, Parsed } from '@countersign/core/parsed.ts'
import { parseAddress, type Address } from './address.ts'
import type { LayeredValues } from './layers.ts'
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

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]
const UNDECIDED = ['error', 'deny'] as const
const UNSEEN: readonly UnseenByImageReview[] = ['LABELS', 'IMAGE_VOLUMES']

/** Makes a configuration of the layered values; every issue at once, each naming where its value came from. */
export function parseConfig(values: LayeredValues): Parsed<ServerConfig> {
  const issues: Issue[] = []
  const reader = new SettingReader(values, issues)
  const listen = reader.address('listen')
  const webhookListen = reader.address('webhook-listen')
  const tls = reader.tls()
  if (listen !== undefined && tls.mode === 'OFF' && !listen.loopback) {
    reader.complain('listen', `Plain text off loopback is refused: add --tls self, or --tls-cert and --tls-key`)
  }
  const webhookUrl = reader.url('webhook-url')
  const webhookTls = reader.webhookTls()
  const readyFile = values.one('ready-file')?.text
  const rest = {
    hostnames: values.many('hostname'),
    dataFolder: values.one('data')?.text ?? '',
    tls,
    undecided: reader.choice('undecided', UNDECIDED),
    webhookName: reader.webhookName(),
    imageReviewMustShow: reader.imageReviewMustShow(),
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
  }
  return { ok: true, value: { listen, webhookListen, ...rest, ...optional } }
}

class SettingReader {
  readonly #values: LayeredValues
  readonly #issues: Issue[]

  constructor(values: LayeredValues, issues: Issue[]) {
    this.#values = values
    this.#issues = issues
  }

  complain(name: SettingName, message: string): void {
    this.#issues.push({ path: [this.#values.one(name)?.origin ?? name], message })
  }

  address(name: SettingName): Address | undefined {
    const parsed = parseAddress(this.#values.one(name)?.text ?? '')
    if (parsed.ok) return parsed.value
    for (const issue of parsed.issues) this.complain(name, issue.message)
    return undefined
  }

  integer(name: SettingName, least: number, most: number): number {
    const text = this.#values.one(name)?.text ?? ''
    const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    this.complain(name, `Value "${text}" is not valid: expected a whole number from ${least} to ${most}`)
    return least
  }

  choice<const T extends readonly [string, ...string[]]>(name: SettingName, allowed: T): T[number] {
    const text = this.#values.one(name)?.text ?? ''
    const found = allowed.find((value) => value === text)
    if (found === undefined) this.complain(name, `Value "${text}" is not valid: expected ${allowed.join(', ')}`)
    return found ?? allowed[0]
  }

  url(name: SettingName): string | undefined {
    const text = this.#values.one(name)?.text
    if (text === undefined) return undefined
    const url = URL.parse(text)
    if (url?.protocol === 'https:' && url.search === '' && url.hash === '') return text.replace(/\/+$/, '')
    this.complain(name, `Value "${text}" is not valid: expected an https URL without query, such as https://gate.example:8443`)
    return undefined
  }

  webhookName(): string {
    const text = this.#values.one('webhook-name')?.text ?? ''
    if (!/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(text)) this.complain('webhook-name', `Value "${text}" is not a DNS name`)
    return text
  }

  imageReviewMustShow(): readonly UnseenByImageReview[] {
    const texts = this.#values.many('image-review-must-show')
    const wrong = texts.find((text) => !UNSEEN.some((value) => value === text))
    if (wrong !== undefined) this.complain('image-review-must-show', `Value "${wrong}" is not valid: expected ${UNSEEN.join(', ')}`)
    return UNSEEN.filter((value) => texts.includes(value))
  }

  tls(): ApiTls {
    const mode = this.#values.one('tls')?.text
    const certFile = this.#values.one('tls-cert')?.text
    const keyFile = this.#values.one('tls-key')?.text
    if (mode !== undefined && mode !== 'self') this.complain('tls', `Value "${mode}" is not valid: expected self`)
    if ((certFile === undefined) !== (keyFile === undefined)) this.complain('tls-cert', `--tls-cert and --tls-key go together`)
    if (certFile !== undefined && keyFile !== undefined) return { mode: 'FILES', certFile, keyFile }
    return mode === 'self' ? { mode: 'SELF' } : { mode: 'OFF' }
  }

  webhookTls(): CertificateFiles | undefined {
    const [certFile, keyFile, caFile] = (['webhook-tls-cert', 'webhook-tls-key', 'webhook-tls-ca'] as const).map(
      (name) => this.#values.one(name)?.text,
    )
    if ((certFile === undefined) !== (keyFile === undefined))
      this.complain('webhook-tls-cert', '--webhook-tls-cert and --webhook-tls-key go together')
    if (caFile !== undefined && certFile === undefined) this.complain('webhook-tls-ca', '--webhook-tls-ca needs --webhook-tls-cert')
    return certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile, ...(caFile === undefined ? {} : { caFile }) }
  }
}
