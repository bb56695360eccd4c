import { createGate } from '../packages/gate/src/gate.ts'
import { TEST_TLS } from '../packages/gate/src/testing/certificate.ts'
import { systemSurroundings } from '../packages/server/src/composition/surroundings.ts'
import { variants } from './variants.ts'

// The gate over a store in memory, with its spool in the folder given. Prints its port when it listens, and on SIGUSR2 how
// often it called the store for a decision so far.
const [variant = '', spoolFolder = ''] = process.argv.slice(2)
const source = variants[variant]?.world()
if (source === undefined) throw new Error(`Unknown variant ${variant}`)
const gate = await createGate({
  source,
  // Acknowledges and forgets: what shipping costs the store is the store's.
  sink: { ship: async (_, records) => records.at(-1)?.sequence ?? 0 },
  spoolFolder,
  surroundings: systemSurroundings(),
  log: { info: () => {}, alarm: (message) => process.stderr.write(`${message}\n`) },
})
const door = await gate.listen({ host: '127.0.0.1', port: 0, tls: TEST_TLS })
process.stdout.write(`${JSON.stringify({ port: door.port })}\n`)
process.on('SIGUSR2', () => process.stdout.write(`${JSON.stringify({ calls: source.calls.findAttestations + source.calls.loadProject })}\n`))
process.on('SIGTERM', () => void gate.close(0).then(() => process.exit(0)))
