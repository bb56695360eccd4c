import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Plays a Kubernetes Service: hands each new connection to the next of its backends, and never moves one that is open. */
export interface ServiceProxy {
  readonly url: string
  /** Adds a backend on a port of 127.0.0.1; gives what takes it out again, for connections from then on. */
  readonly add: (port: number) => () => void
  readonly close: () => Promise<void>
}

/** Opens the address, before any backend is there. */
export async function startService(): Promise<ServiceProxy> {
  const backends: number[] = []
  const sockets = new Set<Socket>()
  let next = 0
  const server = createServer((client) => {
    const port = backends[next++ % Math.max(backends.length, 1)]
    if (port === undefined) return void client.destroy()
    const backend = connect(port, '127.0.0.1')
    for (const socket of [client, backend]) {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    }
    client.on('error', () => backend.destroy()).pipe(backend)
    backend.on('error', () => client.destroy()).pipe(client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add: (port) => {
      backends.push(port)
      return () => void backends.splice(backends.indexOf(port), 1)
    },
    close: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
