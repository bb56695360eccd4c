import type { Noun } from '../verb.ts'
import { approveGrant, revokeGrant } from './change-grant.ts'
import { describeGrant } from './describe.ts'
import { listGrants } from './list.ts'
import { listMarks } from './list-marks.ts'
import { requestGrant } from './request.ts'
import { breakGlassSettings } from './settings.ts'

export const breakGlass: Noun = {
  name: 'break-glass',
  summary: 'Pass the policy by, accountably: who may, and the tokens of those who were allowed to',
  verbs: [requestGrant, approveGrant, listGrants, describeGrant, revokeGrant, breakGlassSettings, listMarks],
}
