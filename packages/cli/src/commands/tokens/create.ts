import { pathOf, textIn } from '../../connection/api.ts'
import { expiryFrom } from '../../duration.ts'
import { fullName } from '../../context.ts'
import { printable, UsageError } from '../../terminal.ts'
import type { Verb } from '../verb.ts'

const ROLES = ['admin', 'attestor', 'viewer', 'gate']

export const createToken: Verb = {
  usage: 'create <display-name>',
  summary: 'Create an API token and print its secret, this once',
  details:
    'Roles: admin may do everything, viewer reads, attestor reads and attaches attestations to the notes that are named,\na gate on its own follows the cluster that --cluster names, files what is decided there, and no more.\nWith --project the token is good in that project only.',
  examples: [
    'countersign tokens create "build pipeline" --role attestor --note projects/demo/notes/built --expires-in 90d > token',
    'countersign tokens create auditor --role viewer --project demo',
    'countersign tokens create "gates of prod" --role gate --cluster us-central1-a.prod --project demo > gate-token',
  ],
  options: [
    { flags: '--role <role>', summary: ROLES.join(', ') },
    { flags: '--note <note>', summary: 'a note that an attestor may attach to; may be repeated', kind: 'list' },
    { flags: '--cluster <key>', summary: 'LOCATION.NAME of the cluster, for the role gate' },
    { flags: '--expires-in <duration>', summary: 'such as 12h or 90d (default: until revoked)' },
  ],
  async run(context, given) {
    const role = given.required('--role')
    if (!ROLES.includes(role)) throw new UsageError(`Role "${role}" is not known: expected ${ROLES.join(', ')}`)
    const cluster = given.text('--cluster')
    if (role === 'gate' && cluster === undefined) throw new UsageError('Option --cluster is required for the role gate')
    const project = role === 'gate' ? context.project() : context.findProject()
    const expiresIn = given.text('--expires-in')
    const body = {
      displayName: given.argument(0),
      role: role.toUpperCase(),
      noteNames: given.list('--note').map((note) => fullName(context, 'notes', note)),
      ...(project === undefined ? {} : { project }),
      ...(cluster === undefined ? {} : { cluster }),
      ...(expiresIn === undefined ? {} : { expireTime: expiryFrom(expiresIn, context.terminal.now()) }),
    }
    const made = await (await context.api()).call('POST', pathOf('/countersign/v1', 'tokens'), { body })
    if (context.hasFormat) return await context.showOne(made)
    context.terminal.say(
      `Created token [${textIn(made, 'token', 'name').replace('tokens/', '')}] for ${project === undefined ? 'all projects' : `project [${project}]`}. Its secret is shown this once:`,
    )
    context.terminal.write(printable(`${textIn(made, 'secret')}\n`))
  },
}
