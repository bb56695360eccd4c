import { readFileSync } from 'node:fs'
import { type Answer, must, send } from '../bypass/session.ts'
import { type ServerOptions, type StartedServer, startServer } from '../harness/server.ts'

/** A real server, as those know it who are given a client, an address and a token. */
export interface PeerServer extends StartedServer {
  readonly ca: string
  readonly port: number
  readonly admin: string
  /** A token that may read every project and write none. */
  readonly viewer: string
  /** Posts as the administrator what a test needs to stand there; gives the answer, which must be a success. */
  readonly post: (path: string, body: object) => Promise<Answer>
  /** Makes a project of the test's own and gives `projects/ID`. */
  readonly makeProject: () => Promise<string>
}

/** Starts a server and makes a token that may only read. */
export async function startPeerServer(options: ServerOptions = {}): Promise<PeerServer> {
  const server = await startServer(options)
  const ca = readFileSync(server.caFile, 'utf8')
  const admin = readFileSync(server.adminTokenFile, 'utf8').trim()
  const post: PeerServer['post'] = (path, body) => must(send(server.apiUrl + path, { method: 'POST', token: admin, ca, body: JSON.stringify(body) }))
  const viewer = await post('/countersign/v1/tokens', { displayName: 'reader', role: 'VIEWER' })
  let projects = 0
  const makeProject = async () => {
    projects += 1
    await post('/countersign/v1/projects', { id: `peer-${projects}` })
    return `projects/peer-${projects}`
  }
  return { ...server, ca, port: Number(new URL(server.apiUrl).port), admin, viewer: viewer.json.secret, post, makeProject }
}
