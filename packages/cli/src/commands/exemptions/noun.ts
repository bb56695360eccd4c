import type { Noun } from '../verb.ts'
import { createExemption } from './create.ts'
import { deleteExemption } from './delete.ts'
import { describeExemption } from './describe.ts'
import { listExemptions } from './list.ts'

export const exemptions: Noun = {
  name: 'exemptions',
  summary: 'Exemptions that end by themselves',
  verbs: [createExemption, listExemptions, describeExemption, deleteExemption],
}
