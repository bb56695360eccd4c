import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'

const maxKeptOutput = 64_000
const running = new Set<ChildProcess>()

/** How a program ended: `code` is null when a signal ended it. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A program that a test started. It never outlives the process of the test. */
export interface Child {
  readonly pid: number
  /** What it wrote to standard output and standard error so far, the last 64,000 characters of each. */
  readonly stdout: () => string
  readonly stderr: () => string
  readonly ended: Promise<Ended>
  /** Polls until `look` gives something; fails at the deadline, or at once when the program ends. */
  readonly waitFor: <T>(what: string, look: () => T | undefined) => Promise<T>
  /** SIGTERM, then waits; a program that is deaf to it for 20 s is killed, and that is an error. */
  readonly stop: () => Promise<Ended>
  /** SIGKILL, as the power cut does it, then waits. */
  readonly kill9: () => Promise<Ended>
}

/** How a program is started; `env` is the whole environment. */
export interface ChildOptions {
  readonly env: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Written to standard input, which is closed then. */
  readonly input?: string | Uint8Array
  readonly readyDeadlineMs?: number
}

/** Starts a program. Throws when it cannot be started at all. */
export function startChild(program: string, args: readonly string[], options: ChildOptions): Child {
  const child = spawn(program, args, { env: { ...options.env }, cwd: options.cwd, stdio: 'pipe' })
  const { pid } = child
  if (pid === undefined) throw new Error(`Cannot start ${program}`)
  running.add(child)
  child.stdin.on('error', ignoreBrokenPipe)
  child.stdin.end(options.input)
  const stdout = keepOutput(child.stdout)
  const stderr = keepOutput(child.stderr)
  const ended = endOf(child)
  const describe = () => `${program} ${args.join(' ')}\n${stderr()}\n${stdout()}`
  return {
    pid,
    stdout,
    stderr,
    ended,
    waitFor: (what, look) => waitFor(child, what, look, { deadlineMs: options.readyDeadlineMs ?? 30_000, describe }),
    stop: () => stop(child, ended, describe),
    kill9: () => {
      child.kill('SIGKILL')
      return ended
    },
  }
}

/** The environment that a tested program sees: a search path and nothing of the person who runs the tests. */
export function plainEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LANG: 'C.UTF-8', TZ: 'UTC', NO_COLOR: '1', ...extra }
}

function keepOutput(stream: NodeJS.ReadableStream): () => string {
  let kept = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    kept = (kept + chunk).slice(-maxKeptOutput)
  })
  return () => kept
}

function endOf(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      running.delete(child)
      resolve({ code, signal })
    })
  })
}

interface Patience {
  readonly deadlineMs: number
  readonly describe: () => string
}

async function waitFor<T>(child: ChildProcess, what: string, look: () => T | undefined, patience: Patience): Promise<T> {
  const deadline = Date.now() + patience.deadlineMs
  for (;;) {
    const seen = look()
    if (seen !== undefined) return seen
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`Ended before ${what}: ${patience.describe()}`)
    if (Date.now() > deadline) throw new Error(`Waited ${patience.deadlineMs} ms in vain for ${what}: ${patience.describe()}`)
    await delay(20)
  }
}

async function stop(child: ChildProcess, ended: Promise<Ended>, describe: () => string): Promise<Ended> {
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), 20_000)
  const end = await ended
  clearTimeout(late)
  if (end.signal === 'SIGKILL') throw new Error(`Did not end within 20 s of SIGTERM: ${describe()}`)
  return end
}

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

/** What a failed test left running would keep the process of the test alive for ever. */
function killAll(): void {
  for (const child of running) child.kill('SIGKILL')
}

process.on('exit', killAll)
if (process.env['NODE_TEST_CONTEXT'] !== undefined) (await import('node:test')).after(killAll)
