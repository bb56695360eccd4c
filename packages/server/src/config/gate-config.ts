import type { CertificateFiles } from '@countersign/adapters/certificates/certificate-files.ts'
import type { UnseenByImageReview } from '@countersign/core/admission/evidence.ts'
import { type ClusterKey, parseClusterKey, parseProjectId, type ProjectId } from '@countersign/core/name/resource-name.ts'
import type { Issue, Parsed } from '@countersign/core/parsed.ts'
import type { Address } from './address.ts'
import { isLoopback } from './address.ts'
import type { GateSettingName } from './gate-settings.ts'
import type { LayeredValues } from './layers.ts'
import { LOG_LEVELS, type LogLevel, SettingReader, UNDECIDED } from './reader.ts'

/** The configuration of a gate that stands alone, after parsing. */
export interface GateConfig {
  /** Without a slash at its end. */
  readonly upstream: string
  readonly project: ProjectId
  readonly cluster: ClusterKey
  readonly tokenFile: string
  readonly caFile?: string
  readonly webhookListen: Address
  readonly hostnames: readonly string[]
  readonly dataFolder: string
  /** Absent: a certificate of an own authority. */
  readonly tls?: CertificateFiles
  readonly readyFile?: string
  /** Absent: the host's name. */
  readonly name?: string
  readonly undecided: 'error' | 'deny'
  readonly webhookName: string
  readonly imageReviewMustShow: readonly UnseenByImageReview[]
  readonly stalenessBudgetMs: number
  readonly maxReviewBytes: number
  readonly maxInflightBytes: number
  readonly drainMs: number
  readonly logLevel: LogLevel
}

/** Makes a configuration of the layered values; every issue at once, each naming where its value came from. */
export function parseGateConfig(values: LayeredValues<GateSettingName>): Parsed<GateConfig> {
  const issues: Issue[] = []
  const reader = new SettingReader(values, issues)
  const required = (name: GateSettingName): string => {
    const text = values.one(name)?.text ?? ''
    if (text === '') issues.push({ path: [`--${name}`], message: 'Setting is required: see countersign gate --help' })
    return text
  }
  const upstream = readUpstream(required('upstream'), reader)
  const project = readName(required('project'), 'project', { parse: parseProjectId, reader })
  const cluster = readName(required('cluster'), 'cluster', { parse: parseClusterKey, reader })
  const tokenFile = required('token-file')
  const webhookListen = reader.address('webhook-listen')
  const tls = reader.certificate({ cert: 'tls-cert', key: 'tls-key' })
  const rest = {
    hostnames: values.many('hostname'),
    dataFolder: values.one('data')?.text ?? '',
    undecided: reader.choice('undecided', UNDECIDED),
    webhookName: reader.dnsName('webhook-name'),
    imageReviewMustShow: reader.unseen('image-review-must-show'),
    stalenessBudgetMs: reader.integer('staleness-budget', 1, 30 * 24 * 3600) * 1000,
    maxReviewBytes: reader.integer('max-review-bytes', 1024, 256 * 1024 * 1024),
    maxInflightBytes: reader.integer('max-inflight-bytes', 1024, 16 * 1024 * 1024 * 1024),
    drainMs: reader.integer('drain-seconds', 0, 3600) * 1000,
    logLevel: reader.choice('log-level', LOG_LEVELS),
  }
  if (issues.length > 0 || upstream === undefined || project === undefined || cluster === undefined || webhookListen === undefined)
    return { ok: false, issues }
  const [caFile, readyFile, name] = [values.one('ca-file')?.text, values.one('ready-file')?.text, values.one('name')?.text]
  const optional = {
    ...(caFile === undefined ? {} : { caFile }),
    ...(tls === undefined ? {} : { tls }),
    ...(readyFile === undefined ? {} : { readyFile }),
    ...(name === undefined ? {} : { name }),
  }
  return { ok: true, value: { upstream, project, cluster, tokenFile, webhookListen, ...rest, ...optional } }
}

/** The token goes there: never in plain text over a network. */
function readUpstream(text: string, reader: SettingReader<GateSettingName>): string | undefined {
  if (text === '') return undefined
  const url = URL.parse(text)
  const isPlainOutside = url?.protocol === 'http:' && !isLoopback(url.hostname.replace(/^\[|\]$/g, ''))
  const sound = url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '' && url.username === '' && url.password === ''
  if (sound && !isPlainOutside) return text.replace(/\/+$/, '')
  const why = isPlainOutside
    ? 'it would get the token in plain text, expected https://'
    : 'expected an address such as https://countersign.example:8080'
  reader.complain('upstream', `Value "${text}" is not valid: ${why}`)
  return undefined
}

function readName<T>(
  text: string,
  name: GateSettingName,
  { parse, reader }: { readonly parse: (text: string) => Parsed<T>; readonly reader: SettingReader<GateSettingName> },
): T | undefined {
  if (text === '') return undefined
  const parsed = parse(text)
  if (parsed.ok) return parsed.value
  for (const issue of parsed.issues) reader.complain(name, issue.message)
  return undefined
}
