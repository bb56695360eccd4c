import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { runCli } from '../harness/cli.ts'
import { freePort } from '../harness/free-port.ts'
import { type StartedGate, startGate } from '../harness/gate.ts'
import { clientEnvironment, type StartedServer, startServer } from '../harness/server.ts'
import { tempFolder } from '../harness/temp-folder.ts'
import { CLUSTER, PROJECT } from './story.ts'

/** A gate as the centre's status shows it. */
export interface ShownGate {
  readonly displayName?: string
  readonly cluster?: string
  readonly feedPosition?: string
  readonly policyEtag?: string
  readonly unshippedRecords?: string
  readonly writer: string
}

/** One server behind TLS at an address that stays, and what gates need of it. */
export interface Centre {
  readonly server: StartedServer
  readonly port: number
  /** The path of the cluster's webhook, behind the address of any of its gates. */
  readonly webhookPath: string
  readonly cli: (...args: readonly string[]) => Promise<string>
}

/** Starts a server with the story's project and cluster and another cluster beside it. */
export async function openCentre(): Promise<Centre> {
  const port = await freePort()
  const { server, cli } = await startAt(port)
  await cli('projects', 'create', PROJECT)
  const { webhookUrl } = JSON.parse(await cli('clusters', 'register', CLUSTER, '-o', 'json')) as { readonly webhookUrl: string }
  await cli('clusters', 'register', 'us-central1-a.other')
  return { server, port, webhookPath: new URL(webhookUrl).pathname, cli }
}

/** Starts the server again where it was. */
export async function reopenCentre({ server: { dataFolder }, port, webhookPath }: Centre): Promise<Centre> {
  return { ...(await startAt(port, dataFolder)), port, webhookPath }
}

async function startAt(port: number, dataFolder?: string): Promise<Pick<Centre, 'server' | 'cli'>> {
  const args = ['--tls', 'self', '--listen', `127.0.0.1:${port}`]
  const server = await startServer({ args, ...(dataFolder === undefined ? {} : { dataFolder }) })
  const cli: Centre['cli'] = async (...words) => {
    const { code, stdout, stderr } = await runCli(['--project', PROJECT, ...words], { env: clientEnvironment(server) })
    assert.equal(code, 0, stderr)
    return stdout
  }
  return { server, cli }
}

/** Makes a token for gates of a cluster, in a file. */
export async function makeGateToken({ cli }: Centre, cluster: string): Promise<string> {
  const file = join(tempFolder(), 'token')
  writeFileSync(file, await cli('tokens', 'create', `gates of ${cluster}`, '--role', 'gate', '--cluster', cluster), { mode: 0o600 })
  return file
}

/** Starts a gate of the story's cluster; `again` is one that has ended, whose folder is used again. */
export function gateOf(
  centre: Centre,
  name: string,
  over: { readonly tokenFile: string; readonly again?: StartedGate; readonly args?: readonly string[] },
): StartedGate {
  const { again, args = [] } = over
  return startGate({
    upstream: centre.server.apiUrl,
    caFile: centre.server.caFile,
    project: PROJECT,
    cluster: CLUSTER,
    tokenFile: over.tokenFile,
    name,
    args,
    ...(again === undefined ? {} : { dataFolder: again.dataFolder }),
  })
}

/** Asks for the status until the gates of these names are all as wanted, for thirty seconds. */
export async function waitForGates(
  { cli }: Centre,
  names: readonly string[],
  isThere: (gate: ShownGate, head: number) => boolean,
): Promise<readonly ShownGate[]> {
  const deadline = Date.now() + 30_000
  for (;;) {
    const { feedPosition, gates } = JSON.parse(await cli('status', '-o', 'json')) as {
      readonly feedPosition: string
      readonly gates: readonly ShownGate[]
    }
    const shown = gates.filter(({ displayName = '' }) => names.includes(displayName))
    if (shown.length === names.length && shown.every((gate) => isThere(gate, Number(feedPosition)))) return shown
    assert.ok(Date.now() < deadline, JSON.stringify({ feedPosition, gates }, null, 1))
    await delay(100)
  }
}

/** Whether a gate has applied all that the centre has. */
export const isCurrent = (gate: ShownGate, head: number): boolean => Number(gate.feedPosition ?? 0) >= head

/** An attestor with a key, and a way to sign with it. */
export async function openAttestor({
  cli,
}: Centre): Promise<{ readonly sign: (image: string) => Promise<string>; readonly addKey: () => Promise<string> }> {
  const folder = tempFolder()
  const [privateFile, publicFile] = [join(folder, 'key.pem'), join(folder, 'key.pub.pem')]
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  writeFileSync(privateFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  writeFileSync(publicFile, publicKey.export({ type: 'spki', format: 'pem' }))
  await cli('notes', 'create', 'built')
  await cli('attestors', 'create', 'manually-verified', '--attestation-authority-note=built')
  const algorithm = 'ecdsa-p256-sha256'
  const addKey = () =>
    cli(
      'attestors',
      'public-keys',
      'add',
      '--attestor=manually-verified',
      `--pkix-public-key-file=${publicFile}`,
      `--pkix-public-key-algorithm=${algorithm}`,
      '--public-key-id-override=https://example.com/key',
    )
  await addKey()
  const signing = [
    `--pkix-private-key-file=${privateFile}`,
    `--pkix-private-key-algorithm=${algorithm}`,
    '--public-key-id-override=https://example.com/key',
  ]
  return { addKey, sign: (image) => cli('attestations', 'sign-and-create', `--artifact-url=${image}`, '--attestor=manually-verified', ...signing) }
}

/** Calls the gate's API by hand, as somebody with its token would. */
export function callCentre(
  { server: { apiUrl, caFile } }: Centre,
  path: string,
  { tokenFile, body }: { readonly tokenFile: string; readonly body?: object },
): Promise<{ readonly status: number; readonly tree: Readonly<Record<string, unknown>> }> {
  const headers = { authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`, 'content-type': 'application/json' }
  const options = { method: body === undefined ? 'GET' : 'POST', ca: readFileSync(caFile), agent: false, headers } as const
  return new Promise((resolve, reject) => {
    const sent = request(`${apiUrl}${path}`, options, (answer) => {
      let text = ''
      answer.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, tree: JSON.parse(text) as Readonly<Record<string, unknown>> }))
    })
    sent.on('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}
