import type { KubernetesClient } from '@countersign/adapters/kubernetes/client.ts'
import { holdLease } from '@countersign/adapters/kubernetes/lease.ts'
import { StatusError } from '@countersign/core/status.ts'
import { tendCertificates, type TendOptions } from '../../certificates/tend.ts'
import { connectKubernetes, KUBECONFIG_OPTION } from '../../connection/kubernetes.ts'
import type { Terminal } from '../../terminal.ts'
import { UsageError } from '../../terminal.ts'
import type { Given } from '../given.ts'
import type { Verb } from '../verb.ts'

const EVERY_MS = 10_000
/** A leader who has not been heard of for so long is none. */
const LEASE_MS = 60_000
/** A kubelet brings a Secret's new content to its Pods within two minutes. */
const SETTLE_SECONDS = 600

export const keepCertificates: Verb = {
  usage: 'keep',
  summary: 'Make the webhook’s certificate in a cluster, renew it, and tell the webhook configuration: runs until it is ended',
  details: [
    'Of several that run one works: who holds the Lease. A new authority is first told to the webhook configuration, signs only after',
    '--settle seconds, and the old one leaves as much later: at no moment is a certificate shown that API servers do not trust.',
  ].join('\n'),
  examples: ['countersign certificates keep --namespace countersign-system --hostname countersign-webhook.countersign-system.svc'],
  options: [
    { flags: '--namespace <namespace>', summary: 'of Secrets and Lease' },
    { flags: '--hostname <name>', summary: 'name or address under which API servers reach the webhook', kind: 'list' },
    { flags: '--secret <name>', summary: 'Secret for the doors: tls.crt, tls.key, ca.crt (default countersign-webhook-tls)' },
    { flags: '--authority-secret <name>', summary: 'Secret of the authority (default countersign-authority)' },
    { flags: '--lease <name>', summary: 'default countersign-certificates' },
    { flags: '--webhook-configuration <name>', summary: 'the ValidatingWebhookConfiguration to tell (default countersign)' },
    { flags: '--settle <seconds>', summary: `how long API servers and doors get to read what is new (default ${SETTLE_SECONDS})` },
    { flags: '--holder <name>', summary: 'how this process is called in the Lease (default: the host’s name, and something random)' },
    { flags: '--once', summary: 'look once and end' },
    KUBECONFIG_OPTION,
  ],
  async run({ terminal }, given) {
    const client = await connectKubernetes(terminal, given.text('--kubeconfig'))
    const keeper = { terminal, client, options: optionsOf(given), lease: leaseOf(terminal, given), seen: { version: '', since: 0 } }
    if (given.has('--once')) await look(keeper)
    else await lookUntilEnded(keeper)
  },
}

interface Keeper {
  readonly terminal: Terminal
  readonly client: KubernetesClient
  readonly options: TendOptions
  readonly lease: Parameters<typeof holdLease>[1]
  readonly seen: { version: string; since: number }
}

function optionsOf(given: Given): TendOptions {
  const namespace = given.required('--namespace')
  const hosts = given.list('--hostname')
  if (hosts.length === 0) throw new UsageError('Option --hostname is required')
  return {
    served: { namespace, name: given.text('--secret') ?? 'countersign-webhook-tls' },
    authority: { namespace, name: given.text('--authority-secret') ?? 'countersign-authority' },
    webhookConfiguration: given.text('--webhook-configuration') ?? 'countersign',
    hosts,
    settleMs: (given.count('--settle') ?? SETTLE_SECONDS) * 1000,
  }
}

/** In a cluster the host name is the Pod's, so every holder has another name. */
function leaseOf(terminal: Terminal, given: Given): Keeper['lease'] {
  const holder = given.text('--holder') ?? `${terminal.env['HOSTNAME'] ?? 'countersign'}-${terminal.random().toString(36).slice(2, 10)}`
  return { namespace: given.required('--namespace'), name: given.text('--lease') ?? 'countersign-certificates', holder, durationMs: LEASE_MS }
}

async function look({ terminal, client, options, lease, seen }: Keeper): Promise<void> {
  const now = terminal.now()
  if (!(await holdLease(client, lease, seen, { now, timestamp: new Date(now).toISOString() }))) return
  for (const done of await tendCertificates(client, options, now)) terminal.say(`${new Date(now).toISOString()} ${done}`)
}

/** What fails is told and tried again: an API server that is away for an hour must not end who looks after its webhook. */
async function lookUntilEnded(keeper: Keeper): Promise<void> {
  const { terminal } = keeper
  const ended = terminal.ended()
  while (!ended.aborted) {
    try {
      await look(keeper)
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      terminal.say(`${new Date(terminal.now()).toISOString()} ${error.message}`)
    }
    await terminal.sleep(EVERY_MS, ended).catch(() => undefined)
  }
}
