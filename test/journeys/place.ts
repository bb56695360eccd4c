import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { runCli } from '../harness/cli.ts'
import { clientEnvironment, type ServerOptions, type StartedServer, startServer } from '../harness/server.ts'
import { CLUSTER, PROJECT } from './story.ts'

/** Where the story plays: a server with the story's project and cluster. */
export interface Place {
  readonly server: StartedServer
  readonly webhookUrl: string
  /** Runs our own command line, which must end with 0, and gives what it wrote. */
  readonly cli: (...args: readonly string[]) => Promise<string>
}

/** Starts a server and registers project and cluster. */
export async function openPlace(): Promise<Place> {
  const { server, cli } = await startWithCli()
  await cli('projects', 'create', PROJECT)
  const { webhookUrl } = JSON.parse(await cli('clusters', 'register', CLUSTER, '-o', 'json')) as { readonly webhookUrl: string }
  return { server, webhookUrl, cli }
}

/** Starts a server on the data of one that has ended. Its doors have other ports; the cluster's secret segment stays. */
export async function reopenPlace({ server: { dataFolder } }: Place): Promise<Place> {
  const { server, cli } = await startWithCli({ dataFolder })
  const webhookUrl = (await cli('clusters', 'describe', CLUSTER, '-o', 'value(webhookUrl)')).trim()
  return { server, webhookUrl, cli }
}

async function startWithCli(options: ServerOptions = {}): Promise<Omit<Place, 'webhookUrl'>> {
  const server = await startServer(options)
  const cli: Place['cli'] = async (...args) => {
    const { code, stdout, stderr } = await runCli(['--project', PROJECT, ...args], { env: clientEnvironment(server) })
    assert.equal(code, 0, stderr)
    return stdout
  }
  return { server, cli }
}

/** Decisions reach the log a moment after they are answered: asked again until the resources of its entries are as wanted, for thirty seconds. */
export async function waitForLog({ cli }: Pick<Place, 'cli'>, filter: string, isThere: (resources: readonly string[]) => boolean): Promise<void> {
  const deadline = Date.now() + 30_000
  for (;;) {
    const listed = await cli('audit', 'list', '--limit', '1000', '--filter', filter, '-o', 'value(protoPayload.resourceName)')
    const resources = listed.split('\n').slice(0, -1)
    if (isThere(resources)) return
    assert.ok(Date.now() < deadline, `${filter} finds ${resources.length} entries: ${resources.join(' ')}`)
    await delay(100)
  }
}
