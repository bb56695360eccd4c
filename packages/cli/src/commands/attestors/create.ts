import { pathOf } from '../../connection/api.ts'
import { fullName } from '../../context.ts'
import type { Verb } from '../verb.ts'

export const createAttestor: Verb = {
  usage: 'create <attestor>',
  summary: 'Create an attestor on a note',
  examples: [
    'countersign attestors create manually-verified --project demo \\\n      --attestation-authority-note=Human-Attestor-Note --attestation-authority-note-project=demo',
  ],
  options: [
    { flags: '--attestation-authority-note <note>', summary: 'the note on which its attestations hang: an id or a full name' },
    { flags: '--attestation-authority-note-project <id>', summary: 'project of the note (default: --project)' },
    { flags: '--description <text>', summary: 'one sentence on what it vouches for' },
  ],
  async run(context, given) {
    const [, project = '', , attestorId = ''] = fullName(context, 'attestors', given.argument(0)).split('/')
    const note = given.required('--attestation-authority-note')
    const noteProject = given.text('--attestation-authority-note-project') ?? context.findProject() ?? project
    const description = given.text('--description')
    const body = {
      name: `projects/${project}/attestors/${attestorId}`,
      ...(description === undefined ? {} : { description }),
      userOwnedGrafeasNote: { noteReference: note.startsWith('projects/') ? note : `projects/${noteProject}/notes/${note}` },
    }
    await context.showOne(await (await context.api()).call('POST', pathOf('/v1', `projects/${project}/attestors`), { query: { attestorId }, body }))
    context.terminal.say(
      `Nothing satisfies it before it has a public key. Add one with:\n  countersign attestors public-keys add --attestor=${body.name} --pgp-public-key-file=KEY.asc`,
    )
  },
}
