import { SETTINGS, variableOf, type Setting } from './settings.ts'

const WIDTH = 100

/** The text of `countersign serve --help`, made from the table of settings. */
export function formatServeHelp(): string {
  const head = [
    'Usage: countersign serve [flags]',
    '',
    'Starts the server: the API on one port, the admission webhook on another, everything else in one folder.',
    '',
    'Each setting is a flag, else an environment variable, else a line of the configuration file, in that order:',
    '  --config FILE (COUNTERSIGN_CONFIG; default ./countersign.yaml where it exists), YAML, keys as the flags without dashes.',
    '',
    'Flags:',
  ]
  return `${[...head, ...SETTINGS.flatMap(describe)].join('\n')}\n`
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
