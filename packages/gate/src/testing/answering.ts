import { writeSync } from 'node:fs'
import { createGate } from '../gate.ts'
import { admissionReview, policy, projectWorld, rule, SEGMENT } from './factories.ts'
import { MemorySink, MemoryWorld } from './memory-world.ts'

/*
 * A process that answers reviews for ever, twenty at a time, and writes `ANSWER <receipt>` to its output after each: what the
 * power-loss tests trace and kill. Arguments: the spool's folder, and how many answers (0: until killed).
 */
const [spoolFolder = '', count = '0'] = process.argv.slice(2)
const source = new MemoryWorld([projectWorld({ policy: policy({ defaultAdmissionRule: rule({ evaluationMode: 'ALWAYS_ALLOW' }) }) })])
const surroundings = { now: () => Date.now(), timestamp: () => new Date().toISOString().replace('Z', '000Z'), uuid: () => crypto.randomUUID() }
const log = { info: () => {}, alarm: (message: string) => void process.stderr.write(`${message}\n`) }
const sink = new MemorySink()
sink.away = true
const gate = await createGate({ source, sink, spoolFolder, surroundings, log })
const body = Buffer.from(JSON.stringify(admissionReview()))
let left = count === '0' ? Number.POSITIVE_INFINITY : Number(count)

async function ask(): Promise<void> {
  while (left-- > 0) {
    const answer = await gate.handle({ method: 'POST', url: `/v1/webhook/${SEGMENT}`, body, caller: { verifiedBy: 'URL_SEGMENT' } })
    writeSync(1, `ANSWER ${JSON.parse(answer.body).response.auditAnnotations.receipt}\n`)
  }
}

await Promise.all(Array.from({ length: 20 }, ask))
await gate.close()
