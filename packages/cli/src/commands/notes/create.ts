import { pathOf } from '../../connection/api.ts'
import { fullName } from '../../context.ts'
import type { Verb } from '../verb.ts'

export const createNote: Verb = {
  usage: 'create <note>',
  summary: 'Create an attestation authority note',
  examples: ['countersign notes create Human-Attestor-Note --project demo --human-readable-name "Human Attestation Note Demo"'],
  options: [
    { flags: '--human-readable-name <text>', summary: 'who the authority is, for people (default: the id of the note)' },
    { flags: '--description <text>', summary: 'one sentence on what it vouches for' },
  ],
  async run(context, given) {
    const [, project = '', , id = ''] = fullName(context, 'notes', given.argument(0)).split('/')
    const shortDescription = given.text('--description')
    const body = {
      attestation: { hint: { humanReadableName: given.text('--human-readable-name') ?? id } },
      ...(shortDescription === undefined ? {} : { shortDescription }),
    }
    await context.showOne(await (await context.api()).call('POST', pathOf('/v1', `projects/${project}/notes`), { query: { noteId: id }, body }))
  },
}
