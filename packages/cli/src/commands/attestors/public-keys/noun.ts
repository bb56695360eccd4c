import type { Noun } from '../../verb.ts'
import { addPublicKey } from './add.ts'
import { listPublicKeys } from './list.ts'
import { removePublicKey } from './remove.ts'
import { updatePublicKey } from './update.ts'

export const publicKeys: Noun = {
  name: 'public-keys',
  summary: 'Public keys of an attestor',
  verbs: [addPublicKey, listPublicKeys, updatePublicKey, removePublicKey],
}
