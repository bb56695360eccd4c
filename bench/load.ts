import { connect, type TLSSocket } from 'node:tls'
import { SEGMENT } from '../packages/gate/src/testing/factories.ts'
import { variants } from './variants.ts'

// The load generator: keeps N requests in flight on N connections that stay open, in a process of its own, with the
// least framing that reads an answer, so that it costs less than what it measures. Reads bursts from stdin as JSON lines
// {port, count}, answers each with {seconds, failed}.
const [variant = '', inFlight = '1'] = process.argv.slice(2)
const body = variants[variant]?.body ?? Buffer.alloc(0)
const head = `POST /v1/webhook/${SEGMENT}?timeout=10s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: kube-apiserver-admission\r\nAccept: application/json, */*\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nAccept-Encoding: gzip\r\n\r\n`
const request = Buffer.concat([Buffer.from(head), body])
const pools = new Map<number, readonly Client[]>()

interface Client {
  run(next: () => boolean): Promise<number>
}

async function open(port: number): Promise<Client> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve)
    socket.once('error', reject)
  })
  socket.setNoDelay(true)
  return { run: (next) => drive(socket, next) }
}

function drive(socket: TLSSocket, next: () => boolean): Promise<number> {
  return new Promise((resolve, reject) => {
    let failed = 0
    let pending = ''
    const onData = (chunk: Buffer) => {
      pending += chunk.toString('latin1')
      const split = pending.indexOf('\r\n\r\n')
      if (split < 0) return
      const length = Number(/content-length: (\d+)/i.exec(pending)?.[1] ?? 0)
      if (pending.length < split + 4 + length) return
      if (!pending.startsWith('HTTP/1.1 200') || !pending.includes('"allowed":true')) failed++
      pending = ''
      if (next()) return void socket.write(request)
      socket.off('data', onData)
      resolve(failed)
    }
    socket.on('data', onData)
    socket.once('error', reject)
    if (next()) socket.write(request)
    else resolve(0)
  })
}

async function burst(port: number, count: number) {
  const clients = pools.get(port) ?? (await Promise.all(Array.from({ length: Number(inFlight) }, () => open(port))))
  pools.set(port, clients)
  let left = count
  const next = () => left-- > 0
  const start = process.hrtime.bigint()
  const failed = await Promise.all(clients.map((client) => client.run(next)))
  return { seconds: Number(process.hrtime.bigint() - start) / 1e9, failed: failed.reduce((sum, each) => sum + each, 0) }
}

let input = ''
process.stdin.setEncoding('utf8').on('data', (text: string) => {
  input += text
  for (let end = input.indexOf('\n'); end >= 0; end = input.indexOf('\n')) {
    const { port, count } = JSON.parse(input.slice(0, end)) as { port: number; count: number }
    input = input.slice(end + 1)
    void burst(port, count).then((result) => process.stdout.write(`${JSON.stringify(result)}\n`))
  }
})
process.stdin.on('end', () => process.exit(0))
