import type { Context } from '../context.ts'
import type { ExitCode } from '../terminal.ts'
import type { Given } from './given.ts'

/** An option of a verb. */
export interface VerbOption {
  /** As people read it: `--attestor <name>`, `--expires-in <duration>`, `--validate`. */
  readonly flags: string
  readonly summary: string
  /** Old names of the original's tool, which still work and are not shown: `--public-key-file`. */
  readonly aliases?: readonly string[]
  /** `list`: may be given more than once. */
  readonly kind?: 'list'
}

/** One command: what it takes, what it says of itself, and what it does. */
export interface Verb {
  /** Name and arguments: `describe <name>`. */
  readonly usage: string
  readonly summary: string
  /** More than the summary says, in paragraphs. */
  readonly details?: string
  /** Whole command lines. */
  readonly examples: readonly string[]
  readonly options?: readonly VerbOption[]
  /** Gives the exit code; nothing where the answer is yes. Everything else is thrown. */
  run(context: Context, given: Given): Promise<ExitCode | void>
}

/** A noun with its verbs, and nouns below it (`attestors public-keys`). */
export interface Noun {
  readonly name: string
  readonly summary: string
  readonly verbs: readonly Verb[]
  readonly nouns?: readonly Noun[]
}
