import { pathOf, textIn, treesIn } from '../../connection/api.ts'
import { shortName } from '../../context.ts'
import type { Verb } from '../verb.ts'

export const listAttestors: Verb = {
  usage: 'list',
  summary: 'List the attestors of a project',
  examples: ['countersign attestors list --project demo', "countersign attestors list --format='value(name)'"],
  async run(context) {
    const rows = await (await context.api()).list(pathOf('/v1', `projects/${context.project()}/attestors`), 'attestors')
    const sorted = rows.toSorted((a, b) => (textIn(a, 'name') < textIn(b, 'name') ? -1 : 1))
    await context.showRows(sorted, [
      { heading: 'NAME', value: shortName },
      { heading: 'NOTE', value: 'userOwnedGrafeasNote.noteReference' },
      { heading: 'NUM_PUBLIC_KEYS', value: (row) => String(treesIn(row, 'userOwnedGrafeasNote', 'publicKeys').length) },
    ])
  },
}
