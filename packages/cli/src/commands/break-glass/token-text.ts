import { BREAK_GLASS_TOKEN_ANNOTATION } from '@countersign/core/break-glass/grant.ts'
import { BREAK_GLASS_LABEL } from '@countersign/core/workload/scope.ts'
import { textIn } from '../../connection/api.ts'
import type { Context } from '../../context.ts'

/** Says where the token of a grant goes, to those who see it. */
export function explainToken(context: Context, grant: unknown): void {
  if (textIn(grant, 'token') === '') return
  context.terminal.say(
    `Until ${textIn(grant, 'expireTime')} Pods run in namespace ${textIn(grant, 'namespace')} that carry, here or in their template:`,
  )
  context.terminal.say(`  label ${BREAK_GLASS_LABEL}: "true"\n  annotation ${BREAK_GLASS_TOKEN_ANNOTATION}: the token`)
}
