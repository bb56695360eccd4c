import { TEST_TLS } from '../packages/gate/src/testing/certificate.ts'
import { UID } from '../packages/gate/src/testing/factories.ts'

// The bare server: what node:https costs with a body that is parsed and a constant answer. Prints its port when it listens.
const { createServer } = process.getBuiltinModule('node:https')
const answer = JSON.stringify({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', response: { uid: UID, allowed: true } })
const server = createServer({ ...TEST_TLS, ALPNProtocols: ['http/1.1'] }, (request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const review: unknown = JSON.parse(Buffer.concat(chunks).toString())
    response.writeHead(review === null ? 500 : 200, { 'content-type': 'application/json', 'content-length': answer.length })
    response.end(answer)
  })
})
server.keepAliveTimeout = 100_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`${JSON.stringify({ port: typeof address === 'object' ? address?.port : 0 })}\n`)
})
process.on('SIGUSR2', () => process.stdout.write(`${JSON.stringify({ calls: 0 })}\n`))
