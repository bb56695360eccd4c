import { UsageError } from '../terminal.ts'

/** The arguments and options of one command line, by their long names. */
export class Given {
  readonly #args: readonly (string | readonly string[] | undefined)[]
  readonly #options: Readonly<Record<string, unknown>>

  constructor(args: readonly (string | readonly string[] | undefined)[], options: Readonly<Record<string, unknown>>) {
    this.#args = args
    this.#options = options
  }

  /** The same command line with these options in place of what it says of them. */
  with(options: Readonly<Record<string, unknown>>): Given {
    return new Given(this.#args, { ...this.#options, ...options })
  }

  /** A required argument, counted from 0. */
  argument(index: number): string {
    const value = this.#args[index]
    if (typeof value === 'string' && value !== '') return value
    throw new UsageError('An argument is empty: expected a name', 'Did the command or variable that should fill it give nothing?')
  }

  /** All words of an argument that may be repeated, or none. */
  rest(index: number): readonly string[] {
    const value = this.#args[index]
    return Array.isArray(value) ? value : typeof value === 'string' ? [value] : []
  }

  /** An option's text; undefined where it was not given. */
  text(flag: string): string | undefined {
    const value = this.#options[flag]
    return typeof value === 'string' ? value : undefined
  }

  /** An option's text, without which the command cannot run. */
  required(flag: string): string {
    const value = this.text(flag)
    if (value === undefined) throw new UsageError(`Option ${flag} is required`)
    if (value === '') throw new UsageError(`Option ${flag} is empty`, 'Did the command or variable that should fill it give nothing?')
    return value
  }

  /** Every text of an option that may be repeated. */
  list(flag: string): readonly string[] {
    const value = this.#options[flag]
    return Array.isArray(value) ? value : []
  }

  /** Whether an option was given at all. */
  has(flag: string): boolean {
    const value = this.#options[flag]
    return value !== undefined && value !== false
  }

  /** An option's number, whole and at least 1. */
  count(flag: string): number | undefined {
    const value = this.text(flag)
    if (value === undefined) return undefined
    if (/^[1-9][0-9]{0,8}$/.test(value)) return Number(value)
    throw new UsageError(`Option ${flag} is "${value}", expected a number from 1 on`)
  }
}
