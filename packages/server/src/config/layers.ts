import { parseArgs } from 'node:util'
import { parseYamlDocuments } from '@countersign/api/file/yaml.ts'
import { isJsonObject } from '@countersign/core/json-object.ts'
import type { Issue, Parsed } from '@countersign/core/parsed.ts'
import { type Setting, type SettingTable, variableOf } from './settings.ts'

/** A value and where it came from: `--listen`, `COUNTERSIGN_LISTEN`, `countersign.yaml: listen`, or the default. */
export interface LayeredValue {
  readonly text: string
  readonly origin: string
}

/** What each setting is after flags, variables and file were laid over the defaults. */
export interface LayeredValues<N extends string> {
  one(name: N): LayeredValue | undefined
  many(name: N): readonly string[]
}

export interface ConfigSources {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Reads a text file; undefined where it does not exist. */
  readonly readFile: (path: string) => string | undefined
}

/** Lays the sources over each other; unknown flags, file keys and types are issues, all at once. */
export function layerSettings<N extends string>(sources: ConfigSources, table: SettingTable<N>): Parsed<LayeredValues<N>> {
  const flags = readFlags(sources.argv, table.settings)
  if (!flags.ok) return flags
  const file = readConfigFile(sources, flags.value.config?.at(-1) ?? sources.env[variableOf('config')], table)
  if (!file.ok) return file
  const values = new Map<string, readonly LayeredValue[]>()
  for (const setting of table.settings) values.set(setting.name, layer(setting, flags.value, sources.env, file.value))
  return { ok: true, value: { one: (name) => values.get(name)?.at(-1), many: (name) => (values.get(name) ?? []).map((value) => value.text) } }
}

type Layer = Readonly<Record<string, readonly string[] | undefined>>

function layer(setting: Setting, flags: Layer, env: ConfigSources['env'], file: Layer): readonly LayeredValue[] {
  const from = (texts: readonly string[], origin: string) => texts.map((text) => ({ text, origin }))
  const flag = flags[setting.name]
  if (flag !== undefined) return from(flag, `--${setting.name}`)
  const variable = env[variableOf(setting.name)]
  if (variable !== undefined && variable !== '') return from(setting.repeated ? variable.split(',') : [variable], variableOf(setting.name))
  const line = file[setting.name]
  if (line !== undefined) return from(line, `configuration file: ${setting.name}`)
  return setting.fallback === undefined ? [] : from([setting.fallback], `default of ${setting.name}`)
}

function readFlags(argv: readonly string[], settings: readonly Setting[]): Parsed<Layer> {
  const options = Object.fromEntries(
    [...settings.map((setting) => setting.name), 'config'].map((name) => [name, { type: 'string' as const, multiple: true as const }]),
  )
  try {
    return { ok: true, value: parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values }
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    return { ok: false, issues: [{ path: [], message }] }
  }
}

function readConfigFile(sources: ConfigSources, named: string | undefined, table: SettingTable<string>): Parsed<Layer> {
  const path = named ?? table.file
  const text = sources.readFile(path)
  if (text === undefined) {
    if (named === undefined) return { ok: true, value: {} }
    return { ok: false, issues: [{ path: [path], message: 'Cannot read the configuration file: it does not exist' }] }
  }
  const parsed = parseYamlDocuments(text)
  if (!parsed.ok) return { ok: false, issues: parsed.issues.map((issue) => ({ ...issue, path: [path, ...issue.path] })) }
  const count = parsed.value.length
  if (count > 1) return { ok: false, issues: [{ path: [path], message: `Expected one document, found ${count}` }] }
  return readTree(parsed.value[0]?.tree ?? {}, path, table)
}

function readTree(tree: unknown, path: string, { command, settings }: SettingTable<string>): Parsed<Layer> {
  if (!isJsonObject(tree)) return { ok: false, issues: [{ path: [path], message: 'Expected a map of settings' }] }
  const issues: Issue[] = []
  const layer: Record<string, readonly string[]> = {}
  for (const [key, value] of Object.entries(tree)) {
    const setting = settings.find(({ name }) => name === key)
    const fault = setting === undefined ? `Unknown setting: see countersign ${command} --help` : findFault(setting, value)
    if (fault === undefined) layer[key] = [value].flat().map(String)
    else issues.push({ path: [path, key], message: fault })
  }
  return issues.length > 0 ? { ok: false, issues } : { ok: true, value: layer }
}

function findFault({ repeated }: Setting, value: unknown): string | undefined {
  if (Array.isArray(value) && repeated === undefined) return 'Expected one value, found a list'
  return [value].flat().every(isScalar) ? undefined : 'Expected a text or a number'
}

function isScalar(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number'
}
