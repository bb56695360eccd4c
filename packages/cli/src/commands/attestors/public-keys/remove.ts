import { fullName, shortName } from '../../../context.ts'
import type { Verb } from '../../verb.ts'
import { changeAttestor, keysOf, withKeys } from '../change-attestor.ts'
import { findKeyIndex } from './find-key.ts'

export const removePublicKey: Verb = {
  usage: 'remove <public-key-id>',
  summary: 'Remove a public key: what it signed counts no more',
  examples: ['countersign attestors public-keys remove 1A2B…90 --attestor=manually-verified --project demo'],
  options: [{ flags: '--attestor <attestor>', summary: 'the attestor: an id or a full name' }],
  async run(context, given) {
    const id = given.argument(0)
    await changeAttestor(await context.api(), fullName(context, 'attestors', given.required('--attestor')), (stored) => {
      const keys = keysOf(stored)
      return withKeys(stored, keys.toSpliced(findKeyIndex(keys, id, shortName(stored)), 1))
    })
    context.terminal.say(`Removed public key [${id}].`)
  },
}
