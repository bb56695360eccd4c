import { Worker } from 'node:worker_threads'
import { StatusError } from '@countersign/core/status.ts'
import type { BreakGlassUse } from '@countersign/gate/break-glass/use.ts'
import type { SpoolRecord } from '@countersign/gate/ports.ts'
import type { FromGate, GateStatus, GateWorkerData, ToGate } from './gate-protocol.ts'

/**
 * How long a change waits for the gate to have applied it before it is answered all the same. A busy gate takes its time, and who is told that a policy
 * was saved relies on it.
 */
const APPLY_MS = 10_000
const STATUS_MS = 2000

export interface GateThreadOptions {
  readonly data: GateWorkerData
  /** Stores what the gate decided; gives the highest sequence stored without a gap. */
  readonly acceptDecisions: (writer: string, records: readonly SpoolRecord[]) => Promise<number>
  readonly log: (level: 'info' | 'warn' | 'error', message: string, fields: Readonly<Record<string, unknown>>) => void
  readonly onBreakGlass: (use: BreakGlassUse) => void
  /** The worker ended although nobody closed it: the server must not go on without its sentry. */
  readonly onDeath: (error: Error) => void
}

/** The gate, as the main thread sees it. */
export interface GateThread {
  readonly port: number
  /** Resolves when the gate has applied the feed up to `position`, or after ten seconds: the feed is the truth, this only hurries. */
  applied(position: number): Promise<void>
  status(): Promise<GateStatus>
  replaceCertificate(tls: GateWorkerData['tls']): void
  /** Drains, lets answers finish, ships what it can, ends. */
  close(graceMs: number): Promise<void>
}

/** Starts the gate in its worker. Rejects with UNAVAILABLE where its door cannot be opened. */
export async function startGateThread(options: GateThreadOptions): Promise<GateThread> {
  const worker = new Worker(new URL('./gate-worker.ts', import.meta.url), { workerData: options.data, name: 'gate' })
  const line = new GateLine(worker, options)
  const port = await line.opened
  return {
    port,
    applied: (position) => line.ask({ type: 'WAKE', position }, APPLY_MS).then(() => undefined),
    status: async () => {
      const status = await line.ask({ type: 'STATUS' }, STATUS_MS)
      if (status === undefined) throw new StatusError('UNAVAILABLE', 'The gate does not answer')
      return status
    },
    replaceCertificate: (tls) => line.send({ type: 'CERTIFICATE', tls }),
    close: (graceMs) => line.close(graceMs),
  }
}

class GateLine {
  readonly opened: Promise<number>
  readonly #worker: Worker
  readonly #options: GateThreadOptions
  readonly #asked = new Map<number, (status: GateStatus | undefined) => void>()
  readonly #closed: Promise<void>
  #closing = false
  #lastId = 0

  constructor(worker: Worker, options: GateThreadOptions) {
    this.#worker = worker
    this.#options = options
    const opened = Promise.withResolvers<number>()
    const closed = Promise.withResolvers<void>()
    this.opened = opened.promise
    this.#closed = closed.promise
    const fail = (error: Error): void => {
      opened.reject(error)
      closed.resolve()
      if (!this.#closing) options.onDeath(error)
    }
    worker.on('message', (message: FromGate) => this.#receive(message, opened, closed.resolve))
    worker.on('error', (error: unknown) => fail(error instanceof Error ? error : new Error(String(error))))
    worker.on('exit', (code) => fail(new Error(`The gate worker ended with code ${code}`)))
  }

  send(message: ToGate): void {
    this.#worker.postMessage(message)
  }

  /** Asks and waits for the answer, for at most `timeoutMs`. */
  ask(
    question: { readonly type: 'WAKE'; readonly position: number } | { readonly type: 'STATUS' },
    timeoutMs: number,
  ): Promise<GateStatus | undefined> {
    const id = ++this.#lastId
    return new Promise((resolve) => {
      const done = (status: GateStatus | undefined): void => {
        clearTimeout(timer)
        this.#asked.delete(id)
        resolve(status)
      }
      const timer = setTimeout(() => done(undefined), timeoutMs)
      this.#asked.set(id, done)
      this.send({ ...question, id })
    })
  }

  async close(graceMs: number): Promise<void> {
    this.#closing = true
    this.send({ type: 'CLOSE', graceMs })
    await this.#closed
    await this.#worker.terminate()
  }

  #receive(message: FromGate, opened: PromiseWithResolvers<number>, closed: () => void): void {
    switch (message.type) {
      case 'LISTENING':
        opened.resolve(message.port)
        return
      case 'FAILED':
        this.#closing = true
        opened.reject(new StatusError('UNAVAILABLE', message.message))
        return
      case 'APPLIED':
        this.#asked.get(message.id)?.(undefined)
        return
      case 'STATUS':
        this.#asked.get(message.id)?.(message.status)
        return
      case 'LOG':
        this.#options.log(message.level, message.message, message.fields)
        return
      case 'BREAK_GLASS':
        this.#options.onBreakGlass(message.use)
        return
      case 'CLOSED':
        closed()
        return
      case 'SHIP':
        void this.#ship(message)
        return
    }
  }

  async #ship({ id, writer, records }: FromGate & { readonly type: 'SHIP' }): Promise<void> {
    try {
      this.send({ type: 'SHIPPED', id, sequence: await this.#options.acceptDecisions(writer, records) })
    } catch (error) {
      this.send({ type: 'SHIP_FAILED', id, message: error instanceof Error ? error.message : String(error) })
    }
  }
}
