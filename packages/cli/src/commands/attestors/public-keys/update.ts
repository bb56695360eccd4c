import { type Tree, textIn } from '../../../connection/api.ts'
import { fullName, shortName } from '../../../context.ts'
import { UsageError } from '../../../terminal.ts'
import type { Verb } from '../../verb.ts'
import { changeAttestor, keysOf, withKeys } from '../change-attestor.ts'
import { findKeyIndex } from './find-key.ts'

export const updatePublicKey: Verb = {
  usage: 'update <public-key-id>',
  summary: 'Change the comment of a public key, or renew a PGP key',
  examples: [
    'countersign attestors public-keys update 1A2B…90 --attestor=manually-verified --project demo --pgp-public-key-file=renewed.asc',
    'countersign attestors public-keys update 1A2B…90 --attestor=manually-verified --project demo --comment="until June"',
  ],
  options: [
    { flags: '--attestor <attestor>', summary: 'the attestor: an id or a full name' },
    { flags: '--pgp-public-key-file <file>', summary: 'the renewed key, as gpg --armor --export KEY prints it', aliases: ['--public-key-file'] },
    { flags: '--comment <text>', summary: 'what people should know of the key' },
  ],
  async run(context, given) {
    const file = given.text('--pgp-public-key-file')
    const comment = given.text('--comment')
    const armor = file === undefined ? undefined : new TextDecoder().decode(await context.terminal.files.read(file))
    let index = 0
    const attestor = await changeAttestor(await context.api(), fullName(context, 'attestors', given.required('--attestor')), (stored) => {
      const keys = keysOf(stored)
      index = findKeyIndex(keys, given.argument(0), shortName(stored))
      return withKeys(stored, keys.with(index, renew(keys[index] ?? {}, armor, comment)))
    })
    await context.showOne(keysOf(attestor)[index] ?? {})
  },
}

function renew(key: Tree, armor: string | undefined, comment: string | undefined): Tree {
  if (armor !== undefined && textIn(key, 'asciiArmoredPgpPublicKey') === '') {
    throw new UsageError('Cannot renew a PKIX key with a PGP key: add the new key, then remove the old one')
  }
  return { ...key, ...(armor === undefined ? {} : { asciiArmoredPgpPublicKey: armor }), ...(comment === undefined ? {} : { comment }) }
}
