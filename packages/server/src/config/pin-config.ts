import type { LayeredValues } from './layers.ts'
import type { SettingReader } from './reader.ts'

/** Which registries are asked what tags mean, and as whom. */
export interface PinConfig {
  /** As in image references: `docker.io`, `registry.example:5000`. None: every public one. */
  readonly registries: readonly string[]
  /** A `config.json` of docker, with passwords or credential helpers. */
  readonly dockerConfigFile?: string
}

type PinSetting = 'pin-registry' | 'pin-docker-config'

const HOST = /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?$/

/** Reads the settings of pinning, of a server and of a gate alike. */
export function readPinConfig(values: LayeredValues<PinSetting>, reader: SettingReader<PinSetting>): PinConfig {
  const registries = values.many('pin-registry')
  const wrong = registries.find((host) => !HOST.test(host))
  if (wrong !== undefined)
    reader.complain('pin-registry', `Value "${wrong}" is not valid: expected a host such as docker.io or registry.example:5000`)
  const file = values.one('pin-docker-config')?.text
  return { registries, ...(file === undefined ? {} : { dockerConfigFile: file }) }
}
