import { textIn } from '../../../connection/api.ts'
import { fullName } from '../../../context.ts'
import type { Verb } from '../../verb.ts'
import { getAttestor, keysOf } from '../change-attestor.ts'

export const listPublicKeys: Verb = {
  usage: 'list',
  summary: 'List the public keys of an attestor',
  examples: ['countersign attestors public-keys list --attestor=manually-verified --project demo'],
  options: [{ flags: '--attestor <attestor>', summary: 'the attestor: an id or a full name' }],
  async run(context, given) {
    const attestor = await getAttestor(await context.api(), fullName(context, 'attestors', given.required('--attestor')))
    await context.showRows(keysOf(attestor), [
      { heading: 'ID', value: 'id' },
      { heading: 'ALGORITHM', value: (key) => textIn(key, 'pkixPublicKey', 'signatureAlgorithm') || 'PGP' },
      { heading: 'COMMENT', value: 'comment' },
    ])
  },
}
