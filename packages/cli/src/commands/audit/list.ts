import { isTree, pathOf, textIn, type Tree, treesIn } from '../../connection/api.ts'
import { UsageError } from '../../terminal.ts'
import type { Verb } from '../verb.ts'
import { namePrincipals } from './principals.ts'

const DEFAULT_LIMIT = 50

export const listAudit: Verb = {
  usage: 'list',
  summary: 'Show the log of a project, newest first',
  details:
    'The filter is written in Cloud Logging’s language, over the entry as -o yaml shows it.\n' +
    'The original’s filter protoPayload.status.message="PERMISSION_DENIED" finds what an ImagePolicyWebhook refused, outcome="DENIED" every refusal.',
  examples: [
    `countersign audit list --project demo --filter 'protoPayload.metadata.outcome="DENIED"'`,
    `countersign audit list --project demo --filter 'protoPayload.metadata.images.image:"registry.example/app"' -o yaml`,
    `countersign audit list --project demo \\\n      --filter 'resource.type="k8s_cluster" protoPayload.request.metadata.annotations."alpha.image-policy.k8s.io/break-glass"="true"'`,
  ],
  options: [
    { flags: '--filter <filter>', summary: 'only entries that pass' },
    { flags: '--limit <number>', summary: `at most so many entries (default ${DEFAULT_LIMIT})` },
    { flags: '--order <order>', summary: 'desc, newest first (the default), or asc' },
  ],
  async run(context, given) {
    const order = given.text('--order') ?? 'desc'
    if (order !== 'desc' && order !== 'asc') throw new UsageError(`Order "${order}" is not known: expected desc or asc`)
    const limit = given.count('--limit') ?? DEFAULT_LIMIT
    const query = { filter: given.text('--filter'), orderBy: `timestamp ${order}` }
    const path = pathOf('/countersign/v1', `projects/${context.project()}/auditLog`)
    const api = await context.api()
    const entries = await api.list(path, 'entries', { query, limit })
    const nameOf = context.hasFormat ? (principal: string) => principal : await namePrincipals(api, entries)
    await context.showRows(entries, [
      { heading: 'TIME', value: 'timestamp' },
      { heading: 'SEVERITY', value: 'severity' },
      { heading: 'METHOD', value: (row) => textIn(row, 'protoPayload', 'methodName').split('.').slice(-2).join('.') },
      { heading: 'RESOURCE', value: (row) => resourceOf(row as Tree) },
      { heading: 'BY', value: (row) => nameOf(textIn(row, 'protoPayload', 'authenticationInfo', 'principalEmail')) },
      { heading: 'OUTCOME', value: (row) => outcomeOf(row as Tree) },
    ])
  },
}

/** The resource; an ImageReview names none, but its images. */
function resourceOf(entry: Tree): string {
  const name = textIn(entry, 'protoPayload', 'resourceName')
  if (!name.endsWith('/')) return name
  const [first, ...more] = treesIn(entry, 'protoPayload', 'metadata', 'images').map((image) => textIn(image, 'image'))
  return `${name}${first ?? ''}${more.length === 0 ? '' : ` and ${more.length} more`}`
}

/** What came of it: a decision's outcome and reason, and for how many identical ones the entry stands, else the words of the status. */
function outcomeOf(entry: Tree): string {
  const outcome = textIn(entry, 'protoPayload', 'metadata', 'outcome')
  const reason = textIn(entry, 'protoPayload', 'metadata', 'reason')
  if (outcome === '') return textIn(entry, 'protoPayload', 'status', 'message') || 'done'
  return `${outcome} ${reason}${countOf(entry)}`
}

function countOf({ protoPayload }: Tree): string {
  const metadata = isTree(protoPayload) ? protoPayload['metadata'] : undefined
  const repeated = isTree(metadata) ? metadata['repeated'] : undefined
  const count = isTree(repeated) ? repeated['count'] : undefined
  return typeof count === 'number' ? ` ×${count}` : ''
}
