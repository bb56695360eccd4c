import { pathOf } from '../../connection/api.ts'
import { shortName } from '../../context.ts'
import type { Verb } from '../verb.ts'

export const listNotes: Verb = {
  usage: 'list',
  summary: 'List the notes of a project',
  examples: ['countersign notes list --project demo'],
  options: [{ flags: '--filter <filter>', summary: 'only notes that pass, such as kind="ATTESTATION"' }],
  async run(context, given) {
    const path = pathOf('/v1', `projects/${context.project()}/notes`)
    const rows = await (await context.api()).list(path, 'notes', { query: { filter: given.text('--filter') } })
    await context.showRows(rows, [
      { heading: 'NAME', value: shortName },
      { heading: 'KIND', value: 'kind' },
      { heading: 'AUTHORITY', value: 'attestation.hint.humanReadableName' },
      { heading: 'CREATED', value: 'createTime' },
    ])
  },
}
