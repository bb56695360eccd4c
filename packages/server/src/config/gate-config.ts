import type { CertificateFiles } from '@countersign/adapters/certificates/certificate-files.ts'
import { type ClusterKey, parseClusterKey, parseProjectId, type ProjectId } from '@countersign/core/name/resource-name.ts'
import type { Issue, Parsed } from '@countersign/core/parsed.ts'
import type { Address } from './address.ts'
import { isLoopback } from './address.ts'
import { type BreakGlassConfig, readBreakGlass } from './break-glass-config.ts'
import type { GateSettingName } from './gate-settings.ts'
import type { LayeredValues } from './layers.ts'
import { SettingReader } from './reader.ts'
import { readWebhookConfig, type WebhookConfig } from './webhook-config.ts'

/** The configuration of a gate that stands alone, after parsing. */
export interface GateConfig extends WebhookConfig, BreakGlassConfig {
  /** Without a slash at its end. */
  readonly upstream: string
  readonly project: ProjectId
  readonly cluster: ClusterKey
  readonly tokenFile: string
  readonly caFile?: string
  readonly webhookListen: Address
  /** Absent: a certificate of an own authority. */
  readonly tls?: CertificateFiles
  /** Absent: the host's name. */
  readonly name?: string
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
  const breakGlass = readBreakGlass(values, reader)
  const rest = readWebhookConfig(values, reader)
  if (issues.length > 0 || upstream === undefined || project === undefined || cluster === undefined || webhookListen === undefined)
    return { ok: false, issues }
  const [caFile, name] = [values.one('ca-file')?.text, values.one('name')?.text]
  const optional = {
    ...(caFile === undefined ? {} : { caFile }),
    ...(tls === undefined ? {} : { tls }),
    ...(name === undefined ? {} : { name }),
    ...breakGlass,
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
