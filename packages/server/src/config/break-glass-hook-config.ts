import type { LayeredValues } from './layers.ts'
import type { SettingReader } from './reader.ts'
import type { SettingName } from './settings.ts'

/** Where uses of break-glass are told. */
export interface BreakGlassHookConfig {
  readonly url: string
  readonly secretFile?: string
  readonly caFile?: string
  readonly addresses: 'PUBLIC' | 'ANY'
}

/** Reads the settings of the hook; undefined where none is wanted. */
export function readBreakGlassHook(values: LayeredValues<SettingName>, reader: SettingReader<SettingName>): BreakGlassHookConfig | undefined {
  const addresses = reader.choice('break-glass-webhook-addresses', ['public', 'any']) === 'any' ? 'ANY' : 'PUBLIC'
  const text = values.one('break-glass-webhook')?.text
  if (text === undefined) return undefined
  if (URL.parse(text)?.protocol !== 'https:') reader.complain('break-glass-webhook', `Value "${text}" is not valid: expected an https URL`)
  const [secretFile, caFile] = [values.one('break-glass-webhook-secret-file')?.text, values.one('break-glass-webhook-ca')?.text]
  return { url: text, addresses, ...(secretFile === undefined ? {} : { secretFile }), ...(caFile === undefined ? {} : { caFile }) }
}
