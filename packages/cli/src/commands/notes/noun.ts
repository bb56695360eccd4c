import type { Noun } from '../verb.ts'
import { createNote } from './create.ts'
import { deleteNote } from './delete.ts'
import { describeNote } from './describe.ts'
import { listNotes } from './list.ts'

export const notes: Noun = {
  name: 'notes',
  summary: 'Attestation authorities: the notes that attestations hang on',
  verbs: [createNote, listNotes, describeNote, deleteNote],
}
