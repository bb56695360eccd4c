import { parentPort, workerData } from 'node:worker_threads'
import { openWorldSource } from '@countersign/adapters/store/world-source.ts'
import { compilePolicy } from '@countersign/core/policy/compile.ts'
import { SYSTEM_POLICY } from '@countersign/core/policy/system-policy.ts'
import { createGate, type Gate } from '@countersign/gate/gate.ts'
import type { SpoolRecord } from '@countersign/gate/ports.ts'
import type { FromGate, GateWorkerData, ToGate } from './gate-protocol.ts'
import { statusOf } from './gate-status.ts'
import { cannotListen } from '../config/address.ts'
import { openTagResolver } from './tag-resolver.ts'
import { systemSurroundings } from './surroundings.ts'

/*
 * The worker in which the gate runs, apart from API and store writer. It reads the store through its own read-only
 * connection; what it decides it spools to its own folder and hands to the main thread, which alone writes the store.
 */
if (parentPort === null) throw new Error('The gate worker is started by the server')
const port = parentPort
const data = workerData as GateWorkerData
const pending = new Map<number, { readonly resolve: (sequence: number) => void; readonly reject: (error: Error) => void }>()
let lastId = 0

const tell = (message: FromGate): void => port.postMessage(message)

function ship(writer: string, records: readonly SpoolRecord[]): Promise<number> {
  const id = ++lastId
  return new Promise((resolve, reject) => {
    pending.set(id, { resolve, reject })
    tell({ type: 'SHIP', id, writer, records })
  })
}

async function run(): Promise<void> {
  const source = openWorldSource({
    path: data.storeFile,
    onDamage: (project, { message }) =>
      tell({ type: 'LOG', level: 'error', message: 'A project is damaged: nothing is decided for it', fields: { project, err: message } }),
  })
  const gate = await createGate({
    source,
    sink: { ship },
    spoolFolder: data.spoolFolder,
    settings: data.settings,
    surroundings: systemSurroundings(),
    onBreakGlass: (use) => tell({ type: 'BREAK_GLASS', use }),
    systemPolicy: compilePolicy(SYSTEM_POLICY, 'system'),
    resolveTag: openTagResolver({ config: data.pin, env: process.env, now: Date.now }),
    log: {
      info: (message, fields = {}) => tell({ type: 'LOG', level: 'info', message, fields }),
      alarm: (message, fields = {}) => tell({ type: 'LOG', level: 'error', message, fields }),
    },
  })
  const door = await gate.listen({ host: data.host, port: data.port, tls: data.tls }).catch((error: NodeJS.ErrnoException) => {
    throw new Error(error.syscall === undefined ? error.message : cannotListen('--webhook-listen', data, error), { cause: error })
  })
  port.on('message', (message: ToGate) => receive(message, gate, door.replaceCertificate))
  tell({ type: 'LISTENING', port: door.port, writer: gate.status().spool.writer })
}

function receive(message: ToGate, gate: Gate, replaceCertificate: (tls: GateWorkerData['tls']) => void): void {
  switch (message.type) {
    case 'WAKE':
      // Where the feed cannot be read now the poll goes on trying; whoever waits is told all the same.
      void gate
        .wake(message.position)
        .finally(() => tell({ type: 'APPLIED', id: message.id }))
        .catch(() => undefined)
      return
    case 'SHIPPED':
      pending.get(message.id)?.resolve(message.sequence)
      pending.delete(message.id)
      return
    case 'SHIP_FAILED':
      pending.get(message.id)?.reject(new Error(message.message))
      pending.delete(message.id)
      return
    case 'STATUS':
      tell({ type: 'STATUS', id: message.id, status: statusOf(gate) })
      return
    case 'CERTIFICATE':
      replaceCertificate(message.tls)
      return
    case 'CLOSE':
      void close(gate, message.graceMs)
      return
  }
}

async function close(gate: Gate, graceMs: number): Promise<void> {
  gate.drain()
  await gate.close(graceMs)
  tell({ type: 'CLOSED' })
}

run().catch((error: unknown) => tell({ type: 'FAILED', message: error instanceof Error ? error.message : String(error) }))
