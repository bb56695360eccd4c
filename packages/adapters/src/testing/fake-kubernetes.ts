import type { HttpRequest, HttpSend } from '../http-send.ts'

type Tree = Record<string, unknown>

/** An API server without a socket: objects by path, with resource versions and conflicts as the real one has them. */
export interface FakeKubernetes {
  readonly send: HttpSend
  readonly objects: Map<string, Tree>
  readonly requests: readonly HttpRequest[]
}

/** Makes one that holds these objects, by the path of each. Its clock shows `date`. */
export function makeFakeKubernetes(objects: Readonly<Record<string, object>> = {}, date = 'Sat, 31 Jan 2026 12:00:00 GMT'): FakeKubernetes {
  const store = new Map<string, Tree>()
  const requests: HttpRequest[] = []
  let version = 0
  const put = (path: string, object: Tree): Tree => {
    const stored = { ...object, metadata: { ...(object['metadata'] as object), resourceVersion: String(++version) } }
    store.set(path, stored)
    return stored
  }
  for (const [path, object] of Object.entries(objects)) put(path, object as Tree)
  const status = (code: number, reason: string) => ({ code, tree: { kind: 'Status', message: `${reason} here`, reason } })
  const versionOf = (object: Tree | undefined) => (object?.['metadata'] as Tree | undefined)?.['resourceVersion']
  const serve = (method: string, path: string, body: unknown): { readonly code: number; readonly tree: unknown } => {
    const found = store.get(path)
    if (method === 'POST') {
      const at = `${path}/${String(((body as Tree)['metadata'] as Tree)['name'])}`
      return store.has(at) ? status(409, 'AlreadyExists') : { code: 201, tree: put(at, body as Tree) }
    }
    if (found === undefined) {
      const below = [...store].filter(([key]) => key.startsWith(`${path}/`) && !key.slice(path.length + 1).includes('/')).map(([, object]) => object)
      return method === 'GET' && below.length > 0 ? { code: 200, tree: { items: below, metadata: {} } } : status(404, 'NotFound')
    }
    if (method === 'DELETE') store.delete(path)
    if (method === 'PUT') return versionOf(body as Tree) === versionOf(found) ? { code: 200, tree: put(path, body as Tree) } : status(409, 'Conflict')
    if (method === 'PATCH') return { code: 200, tree: put(path, applyPatch(found, body as readonly Operation[])) }
    return { code: 200, tree: found }
  }
  const send: HttpSend = async (request) => {
    requests.push(request)
    const body: unknown = request.body === undefined ? undefined : JSON.parse(Buffer.from(request.body).toString())
    const { code, tree } = serve(request.method, new URL(request.url).pathname, body)
    return { status: code, headers: { date }, body: Buffer.from(JSON.stringify(tree)) }
  }
  return { send, objects: store, requests }
}

interface Operation {
  readonly op: string
  readonly path: string
  readonly value?: unknown
}

function applyPatch(object: Tree, operations: readonly Operation[]): Tree {
  const changed = structuredClone(object)
  for (const { op, path, value } of operations) {
    const steps = path
      .slice(1)
      .split('/')
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    const last = steps.pop() ?? ''
    const holder = steps.reduce<Tree>((inner, step) => inner[step] as Tree, changed)
    if (op === 'test' && JSON.stringify(holder[last]) !== JSON.stringify(value)) throw new Error(`The test of ${path} failed`)
    if (op === 'remove') delete holder[last]
    if (op === 'add' || op === 'replace') holder[last] = value
  }
  return changed
}
