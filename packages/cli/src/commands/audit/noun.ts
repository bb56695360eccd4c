import type { Noun } from '../verb.ts'
import { exportAudit } from './export.ts'
import { listAudit } from './list.ts'
import { verifyAudit } from './verify.ts'

export const audit: Noun = { name: 'audit', summary: 'The log of decisions and changes', verbs: [listAudit, verifyAudit, exportAudit] }
