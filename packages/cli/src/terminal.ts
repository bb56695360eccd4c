import type { Fetch } from '@countersign/adapters/registry/fetch.ts'
import type { HttpSend } from '@countersign/adapters/http-send.ts'

/** What a command may touch of the world: given in by `main`, replaced in tests. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Folder that relative paths start from. */
  readonly cwd: string
  /** Standard output is a terminal, so boxes are welcome. */
  readonly interactive: boolean
  /** Reads and writes files; relative paths start from `cwd`. */
  readonly files: Files
  /** Sends one HTTP request: to the server, an API server, a keeper of keys. */
  readonly send: HttpSend
  /** Asks registries. */
  readonly fetch: Fetch
  /** Runs another program, such as gpg, to its end. */
  readonly runProgram: RunProgram
  now(): number
  /** Resolves after this many milliseconds; rejects with the signal's reason where it is aborted before. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Aborted when the process is told to end: for commands that run until then. Who never asks ends at once. */
  ended(): AbortSignal
  /** From 0 to below 1. For waits that differ, never for secrets. */
  random(): number
  write(text: string | Uint8Array): void
  /** Messages for people: warnings, progress, next steps. Never data. */
  say(text: string): void
  readInput(): Promise<Uint8Array>
  /** Asks a person; undefined where nobody is there to answer. */
  ask(question: string): Promise<string | undefined>
  /** Likewise for a secret: what is typed is not shown. */
  askSecret(question: string): Promise<string | undefined>
}

/** Files as commands see them. Failures are UsageErrors that name the path as it was given. */
export interface Files {
  /** Reads a file whole, at most 64 MiB. */
  read(path: string): Promise<Uint8Array>
  /** Undefined where the file does not exist. */
  find(path: string): Promise<Uint8Array | undefined>
  write(path: string, content: string | Uint8Array): Promise<void>
  /** The path itself where it is a file; of a folder every file below it whose name ends in one of `endings`, in order. */
  list(path: string, endings: readonly string[]): Promise<readonly string[]>
}

export type RunProgram = (
  name: string,
  args: readonly string[],
  input: Uint8Array,
) => Promise<{ readonly code: number; readonly stdout: Uint8Array; readonly stderr: string }>

/**
 * 0 yes · 1 denied or violated · 2 usage · 3 could not decide, or the server could not be reached. 255 is what kritis signer ends with
 * where it can go no further, kept for those who ask for its codes.
 */
export const EXIT = { YES: 0, NO: 1, USAGE: 2, UNDECIDED: 3, KRITIS_FATAL: 255 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** A mistake of the person at the terminal: told in one sentence, with the next command where there is one. */
export class UsageError extends Error {
  readonly hint?: string

  constructor(message: string, hint?: string) {
    super(message)
    this.name = 'UsageError'
    if (hint !== undefined) this.hint = hint
  }
}

/**
 * Makes any text safe for a terminal: control characters, escape sequences and bidirectional overrides of whoever wrote
 * it are shown as `\x1b` and never sent raw. Line feeds and tabs stay.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (char) => {
    const code = char.charCodeAt(0)
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
  })
}

/** Controls but line feeds and tabs, and marks that hide text or turn its direction. */
export const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g
