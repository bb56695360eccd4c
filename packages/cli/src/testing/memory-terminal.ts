import { StatusError } from '@countersign/core/status.ts'
import type { Fetch } from '@countersign/adapters/registry/fetch.ts'
import type { HttpSend } from '@countersign/adapters/http-send.ts'
import { runCli } from '../main.ts'
import { printable, type RunProgram, type Terminal, UsageError } from '../terminal.ts'
import { FAKE_TOKEN } from './fake-server.ts'

/** What a test puts around a command line. */
export interface MemoryWorld {
  readonly send?: HttpSend
  readonly fetch?: Fetch
  readonly env?: Readonly<Record<string, string>>
  /** By path; written files appear here too. */
  readonly files?: Record<string, string | Uint8Array>
  readonly input?: string | Uint8Array
  readonly runProgram?: RunProgram
  /** What a person answers; absent: nobody is there. */
  readonly answer?: string
  /** The clock, which sleeping moves on. */
  readonly now?: () => number
  /** When the process is told to end. */
  readonly ended?: AbortSignal
  /** Standard output is a terminal. */
  readonly interactive?: true
}

/** How a command line ended. */
export interface Ended {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

/** Where a terminal's two streams go. */
export interface Sink {
  readonly write: (bytes: Uint8Array) => void
  readonly say: (text: string) => void
}

/** Runs one command line in memory, with a token and the project `p1` unless `env` says otherwise. */
export async function runInMemory(argv: readonly string[], world: MemoryWorld = {}): Promise<Ended> {
  const out: Uint8Array[] = []
  const said: string[] = []
  const terminal = makeTerminal(world, { write: (bytes) => void out.push(bytes), say: (text) => void said.push(text) })
  const exit = await runCli(argv, terminal)
  return { exit, stdout: Buffer.concat(out).toString('utf8'), stderr: said.join('\n') }
}

/** The terminal of such a world. */
export function makeTerminal(world: MemoryWorld, sink: Sink = { write: () => {}, say: () => {} }): Terminal {
  const files = world.files ?? {}
  let sleptMs = 0
  const read = (path: string): Uint8Array | undefined => (Object.hasOwn(files, path) ? Buffer.from(files[path] ?? '') : undefined)
  return {
    env: { COUNTERSIGN_TOKEN: FAKE_TOKEN, COUNTERSIGN_PROJECT: 'p1', ...world.env },
    cwd: '/',
    interactive: world.interactive ?? false,
    files: {
      find: async (path) => read(path),
      read: async (path) => read(path) ?? absent(path),
      write: async (path, content) => {
        files[path] = content
      },
      list: async (path, endings) => {
        const below = Object.keys(files).filter((name) => name.startsWith(`${path}/`) && endings.some((ending) => name.endsWith(ending)))
        return below.length > 0 ? below.sort() : Object.hasOwn(files, path) ? [path] : absent(path)
      },
    },
    send: world.send ?? unreachable,
    fetch: world.fetch ?? unreachable,
    runProgram: world.runProgram ?? (async (name) => absent(name)),
    now: () => (world.now?.() ?? Date.parse('2026-01-31T12:00:00Z')) + sleptMs,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted()
      sleptMs += ms
    },
    ended: () => world.ended ?? new AbortController().signal,
    random: () => 0.5,
    write: (text) => sink.write(Buffer.from(text)),
    say: (text) => sink.say(printable(text)),
    readInput: async () => Buffer.from(world.input ?? ''),
    ask: async () => world.answer,
    askSecret: async () => world.answer,
  }
}

function absent(path: string): never {
  throw new UsageError(`Cannot read "${path}": there is no such file`)
}

async function unreachable(): Promise<never> {
  throw new StatusError('UNAVAILABLE', 'Cannot reach http://127.0.0.1:8080: nothing listens there')
}
