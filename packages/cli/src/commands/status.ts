import { isTree, pathOf, textIn, type Tree, treesIn } from '../connection/api.ts'
import type { Context } from '../context.ts'
import { printable } from '../terminal.ts'
import type { Verb } from './verb.ts'

export const status: Verb = {
  usage: 'status',
  summary: 'How the server and its gates stand',
  examples: ['countersign status', 'countersign status -o json'],
  async run(context) {
    const server = await (await context.api()).call('GET', pathOf('/countersign/v1', 'status'))
    if (context.hasFormat) return await context.showOne(server)
    await showServer(context, server)
  },
}

async function showServer(context: Context, server: Tree): Promise<void> {
  const facts: readonly (readonly [string, string])[] = [
    ['Version', textIn(server, 'version')],
    ['Running since', textIn(server, 'startTime')],
    ['API', textIn(server, 'apiUrl')],
    ['Webhook', textIn(server, 'webhookUrl')],
    ['Change feed at', textIn(server, 'feedPosition') || '0'],
  ]
  context.terminal.write(`${printable(facts.map(([name, value]) => `${`${name}:`.padEnd(16)}${value}`).join('\n'))}\n`)
  await context.showRows(treesIn(server, 'gates'), [
    { heading: 'GATE', value: (gate) => textIn(gate, 'displayName') || 'in the server' },
    { heading: 'CLUSTER', value: (gate) => textIn(gate, 'cluster').replace(/^projects\/([^/]+)\/clusters\//, '$1 ') || 'all' },
    { heading: 'POLICY', value: (gate) => textIn(gate, 'policyEtag') },
    { heading: 'FEED_AT', value: (gate) => textIn(gate, 'feedPosition') || '0' },
    { heading: 'STALE_FOR', value: (gate) => `${textIn(gate, 'staleForMs') || '0'} ms` },
    { heading: 'UNSHIPPED', value: (gate) => textIn(gate, 'unshippedRecords') || '0' },
    { heading: 'LAST_SEEN', value: 'lastSeenTime' },
    { heading: 'WRITER', value: 'writer' },
  ])
  const counters = treesIn(server, 'gates').flatMap(listCounters)
  if (counters.length > 0) context.terminal.write(`${printable(counters.join('\n'))}\n`)
}

/** What a gate counted; what it never met is left out. */
function listCounters({ counters, displayName }: Tree): readonly string[] {
  const whose = typeof displayName === 'string' && displayName !== '' ? `${displayName}: ` : ''
  const pairs = isTree(counters) ? Object.entries(counters) : []
  return pairs.filter(([, count]) => count !== '0').map(([name, count]) => `${whose}${`${name}:`.padEnd(32)}${String(count)}`)
}
