import { type Command, Option } from 'commander'
import type { Context } from '../context.ts'
import { EXIT, type ExitCode } from '../terminal.ts'
import { Given } from './given.ts'
import type { Noun, Verb, VerbOption } from './verb.ts'

/** What runs verbs: the context is made from the options that stand on the line, the exit code goes to `finish`. */
export interface Runner {
  readonly makeContext: (globals: Readonly<Record<string, unknown>>) => Context
  readonly finish: (code: ExitCode) => void
}

/** Adds a noun's verbs, and the nouns below it, to its command. */
export function addNoun(command: Command, noun: Noun, runner: Runner): void {
  for (const verb of noun.verbs) addVerb(command.command(verb.usage), verb, runner)
  for (const inner of noun.nouns ?? []) addNoun(command.command(inner.name).description(inner.summary), inner, runner)
}

/** Makes a command what its verb says. */
export function addVerb(command: Command, verb: Verb, { makeContext, finish }: Runner): void {
  const options = verb.options ?? []
  command.description(verb.summary)
  for (const option of options) for (const added of commanderOptions(option)) command.addOption(added)
  command.addHelpText(
    'after',
    `${verb.details === undefined ? '' : `\n${verb.details}\n`}\nExamples:\n${verb.examples.map((example) => `  $ ${example}`).join('\n')}`,
  )
  command.action(async () => {
    const globals = command.optsWithGlobals() as Readonly<Record<string, unknown>>
    const given = new Given(command.processedArgs, valuesOf(options, globals))
    finish((await verb.run(makeContext(globals), given)) ?? EXIT.YES)
  })
}

function commanderOptions({ flags, summary, aliases = [], kind }: VerbOption): readonly Option[] {
  const placeholder = /<.*>/.exec(flags)?.[0] ?? ''
  const shown = new Option(flags, summary)
  const hidden = aliases.map((alias) => new Option(`${alias} ${placeholder}`.trim()).hideHelp())
  const all = [shown, ...hidden]
  if (kind === 'list') for (const option of all) option.argParser<readonly string[]>((value, earlier) => [...(earlier ?? []), value])
  return all
}

/** The options by the name that stands first in `flags`, whichever of their names was used. */
function valuesOf(options: readonly VerbOption[], values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    options.map((option) => {
      const [shown, ...hidden] = commanderOptions(option).map((one) => values[one.attributeName()])
      return [longName(option.flags), shown ?? hidden.find((value) => value !== undefined)]
    }),
  )
}

function longName(flags: string): string {
  return /--[a-z-]+/.exec(flags)?.[0] ?? flags
}
