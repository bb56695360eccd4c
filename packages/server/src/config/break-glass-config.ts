import type { LayeredValues } from './layers.ts'
import type { SettingReader } from './reader.ts'

/** Where uses of break-glass are told. */
export interface BreakGlassHookConfig {
  readonly url: string
  readonly secretFile?: string
  readonly caFile?: string
  readonly addresses: 'PUBLIC' | 'ANY'
}

type HookSetting = `break-glass-webhook${'' | '-secret-file' | '-ca' | '-addresses'}`

/** Whom uses of break-glass are told. */
export interface BreakGlassConfig {
  readonly breakGlassHook?: BreakGlassHookConfig
  /** `in-cluster`, or a kubeconfig file. */
  readonly breakGlassEvents?: string
}

/** Reads whom uses of break-glass are told: of a server and of a gate alike. */
export function readBreakGlass(
  values: LayeredValues<HookSetting | 'break-glass-events'>,
  reader: SettingReader<HookSetting | 'break-glass-events'>,
): BreakGlassConfig {
  const hook = readHook(values, reader)
  const events = values.one('break-glass-events')?.text
  return { ...(hook === undefined ? {} : { breakGlassHook: hook }), ...(events === undefined ? {} : { breakGlassEvents: events }) }
}

function readHook(values: LayeredValues<HookSetting>, reader: SettingReader<HookSetting>): BreakGlassHookConfig | undefined {
  const addresses = reader.choice('break-glass-webhook-addresses', ['public', 'any']) === 'any' ? 'ANY' : 'PUBLIC'
  const text = values.one('break-glass-webhook')?.text
  if (text === undefined) return undefined
  if (URL.parse(text)?.protocol !== 'https:') reader.complain('break-glass-webhook', `Value "${text}" is not valid: expected an https URL`)
  const [secretFile, caFile] = [values.one('break-glass-webhook-secret-file')?.text, values.one('break-glass-webhook-ca')?.text]
  return { url: text, addresses, ...(secretFile === undefined ? {} : { secretFile }), ...(caFile === undefined ? {} : { caFile }) }
}
