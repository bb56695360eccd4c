import { Agent, request } from 'node:https'
import { createGate } from '../gate.ts'
import { TEST_TLS } from './certificate.ts'
import { admissionReview, policy, projectWorld, rule, SEGMENT } from './factories.ts'
import { MemorySink, MemoryWorld } from './memory-world.ts'

/*
 * A process that asks its own gate through the real HTTPS door, one review at a time on one connection, and ends: what the power-loss tests trace. TLS 1.2,
 * because there only answers travel as application data; in 1.3 the handshake's end looks the same from outside. Arguments: the spool's folder, and how many reviews.
 */
const [spoolFolder = '', count = '1'] = process.argv.slice(2)
const source = new MemoryWorld([projectWorld({ policy: policy({ defaultAdmissionRule: rule({ evaluationMode: 'ALWAYS_ALLOW' }) }) })])
const surroundings = { now: () => Date.now(), timestamp: () => new Date().toISOString().replace('Z', '000Z'), uuid: () => crypto.randomUUID() }
const log = { info: () => {}, alarm: (message: string) => void process.stderr.write(`${message}\n`) }
const gate = await createGate({ source, sink: new MemorySink(), spoolFolder, surroundings, log })
const { port } = await gate.listen({ host: '127.0.0.1', port: 0, tls: TEST_TLS })
const agent = new Agent({ keepAlive: true, maxSockets: 1, maxVersion: 'TLSv1.2', ca: TEST_TLS.cert })
const body = JSON.stringify(admissionReview())

function ask(): Promise<void> {
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port, path: `/v1/webhook/${SEGMENT}`, method: 'POST', agent }, (answer) => {
      answer.resume()
      answer.on('end', resolve)
    })
    asking.on('error', reject)
    asking.end(body)
  })
}

for (let asked = 0; asked < Number(count); asked++) await ask()
agent.destroy()
await gate.close()
