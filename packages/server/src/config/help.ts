import { type Setting, type SettingTable, variableOf } from './settings.ts'

const WIDTH = 100
const ABOUT: Readonly<Record<SettingTable<string>['command'], string>> = {
  serve: 'Starts the server: the API on one port, the admission webhook on another, everything else in one folder.',
  gate: 'Starts a gate on its own, near its cluster: it follows a server, decides from memory, and ships what it decided.',
}

/** The text of `countersign serve --help` and `countersign gate --help`, made from the table of settings. */
export function formatSettingsHelp({ command, file, settings }: SettingTable<string>): string {
  const head = [
    `Usage: countersign ${command} [flags]`,
    '',
    ABOUT[command],
    '',
    'Each setting is a flag, else an environment variable, else a line of the configuration file, in that order:',
    `  --config FILE (COUNTERSIGN_CONFIG; default ${file} where it exists), YAML, keys as the flags without dashes.`,
    '',
    'Flags:',
  ]
  return `${[...head, ...settings.flatMap(describe)].join('\n')}\n`
}

function describe(setting: Setting): readonly string[] {
  const flag = `  --${setting.name}${setting.value === undefined ? '' : ` ${setting.value}`}`
  const fallback = setting.fallback === undefined ? '' : ` Default: ${setting.fallback}.`
  return [flag, ...wrap(`${setting.help}${fallback} [${variableOf(setting.name)}]`, WIDTH - 6).map((line) => `      ${line}`)]
}

function wrap(text: string, width: number): readonly string[] {
  return text.split(' ').reduce<string[]>((lines, word) => {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > width) return [...lines, word]
    return [...lines.slice(0, -1), `${last} ${word}`]
  }, [])
}
