import { evaluate } from '../evaluate.ts'
import type { Noun } from '../verb.ts'
import { describePolicy } from './describe.ts'
import { exportPolicy } from './export.ts'
import { exportSystemPolicy } from './export-system-policy.ts'
import { importPolicy } from './import.ts'
import { resetPolicy } from './reset.ts'
import { validatePolicy } from './validate.ts'

export const policy: Noun = {
  name: 'policy',
  summary: 'The policy of a project',
  verbs: [exportPolicy, importPolicy, validatePolicy, evaluate, describePolicy, resetPolicy, exportSystemPolicy],
}
