import type { Noun } from '../verb.ts'
import { createAttestor } from './create.ts'
import { deleteAttestor } from './delete.ts'
import { describeAttestor } from './describe.ts'
import { listAttestors } from './list.ts'
import { publicKeys } from './public-keys/noun.ts'
import { updateAttestor } from './update.ts'

export const attestors: Noun = {
  name: 'attestors',
  summary: 'Attestors and their public keys',
  verbs: [createAttestor, listAttestors, describeAttestor, updateAttestor, deleteAttestor],
  nouns: [publicKeys],
}
