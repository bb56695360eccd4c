import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { variants } from './variants.ts'

/** What one server did in one burst. */
export interface Burst {
  readonly cpuMicros: number
  readonly perSecond: number
}

/** One variant measured against the bare server in one run. */
export interface Measured {
  readonly title: string
  readonly bodyBytes: number
  readonly inFlight: number
  readonly bare: Summary
  readonly gate: Summary
  /** Store and network calls of the gate per warm admission. */
  readonly callsPerAdmission: number
}

export interface Summary {
  /** CPU of all threads per request, lower quartile of the bursts. */
  readonly cpuMicros: number
  /** Requests per second, upper quartile of the bursts. */
  readonly perSecond: number
  readonly readyMs: number
  readonly idleMegabytes: number
  readonly loadedMegabytes: number
}

export interface RunOptions {
  readonly bursts: number
  readonly perBurst: number
  readonly warmUp: number
  readonly inFlight: number
}

/** Measures one variant: fresh processes, bursts of both servers in turn, everything else the same. */
export async function measure(variant: string, options: RunOptions): Promise<Measured> {
  const spool = mkdtempSync(join(tmpdir(), 'bench-spool-'))
  const servers = { bare: await startServer('server-bare.ts', []), gate: await startServer('server-gate.ts', [variant, spool]) }
  const load = new Lines(spawnScript('load.ts', [variant, String(options.inFlight)]))
  try {
    for (const server of [servers.bare, servers.gate]) await burst(server, load, options.warmUp)
    const callsBefore = await servers.gate.calls()
    const bursts = { bare: [] as Burst[], gate: [] as Burst[] }
    for (let round = 0; round < options.bursts; round++) {
      bursts.bare.push(await burst(servers.bare, load, options.perBurst))
      bursts.gate.push(await burst(servers.gate, load, options.perBurst))
    }
    const calls = (await servers.gate.calls()) - callsBefore
    return {
      title: variants[variant]?.title ?? variant,
      bodyBytes: variants[variant]?.body.length ?? 0,
      inFlight: options.inFlight,
      bare: servers.bare.summary(bursts.bare),
      gate: servers.gate.summary(bursts.gate),
      callsPerAdmission: calls / (options.bursts * options.perBurst),
    }
  } finally {
    load.stop()
    await Promise.all([servers.bare.stop(), servers.gate.stop()])
    rmSync(spool, { recursive: true, force: true })
  }
}

async function burst(server: Server, load: Lines, count: number): Promise<Burst> {
  const before = server.cpuNanos()
  const { seconds, failed } = (await load.ask({ port: server.port, count })) as { seconds: number; failed: number }
  if (failed > 0) throw new Error(`${failed} of ${count} requests were not answered with an admission`)
  return { cpuMicros: (server.cpuNanos() - before) / 1e3 / count, perSecond: count / seconds }
}

type Server = Awaited<ReturnType<typeof startServer>>

async function startServer(script: string, args: readonly string[]) {
  const start = process.hrtime.bigint()
  const child = spawnScript(script, args)
  const lines = new Lines(child)
  const { port } = (await lines.next()) as { port: number }
  const readyMs = Number(process.hrtime.bigint() - start) / 1e6
  const pid = child.pid ?? 0
  const idleMegabytes = residentMegabytes(pid)
  return {
    port,
    cpuNanos: () => cpuNanos(pid),
    calls: async () => {
      child.kill('SIGUSR2')
      return ((await lines.next()) as { calls: number }).calls
    },
    summary: (bursts: readonly Burst[]): Summary => ({
      cpuMicros: quantile(
        bursts.map((each) => each.cpuMicros),
        0.25,
      ),
      perSecond: quantile(
        bursts.map((each) => each.perSecond),
        0.75,
      ),
      readyMs,
      idleMegabytes,
      loadedMegabytes: residentMegabytes(pid),
    }),
    stop: () =>
      new Promise<void>((resolve) => {
        child.once('exit', () => resolve())
        child.kill('SIGTERM')
      }),
  }
}

function spawnScript(script: string, args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [join(import.meta.dirname, script), ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
}

/** A child's answers, one JSON value a line. */
class Lines {
  readonly #child: ChildProcess
  readonly #ready: unknown[] = []
  readonly #waiting: { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }[] = []

  constructor(child: ChildProcess) {
    this.#child = child
    if (child.stdout === null) throw new Error('The child has no output')
    createInterface({ input: child.stdout }).on('line', (line) => {
      const value: unknown = JSON.parse(line)
      const waiting = this.#waiting.shift()
      if (waiting === undefined) this.#ready.push(value)
      else waiting.resolve(value)
    })
    child.once('exit', (code) => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(`A process of the benchmark ended with ${code}`))
    })
  }

  next(): Promise<unknown> {
    if (this.#ready.length > 0) return Promise.resolve(this.#ready.shift())
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  ask(value: unknown): Promise<unknown> {
    this.#child.stdin?.write(`${JSON.stringify(value)}\n`)
    return this.next()
  }

  stop(): void {
    this.#child.stdin?.end()
  }
}

/** Time on a processor of all threads of a process, from the kernel's scheduler. */
function cpuNanos(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce(
    (sum, task) => sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]),
    0,
  )
}

function residentMegabytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
}

/** The value below which this part of the values lies. */
function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.round((sorted.length - 1) * part)] ?? 0
}
