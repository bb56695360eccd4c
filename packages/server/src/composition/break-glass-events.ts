import type { KubernetesClient } from '@countersign/adapters/kubernetes/client.ts'
import { writeEvent } from '@countersign/adapters/kubernetes/events.ts'
import type { BreakGlassUse } from '@countersign/gate/break-glass/use.ts'
import type { ServerLog } from './log.ts'

/** Events under way at one time: a storm of them must not fill an API server, nor our memory. The log has each use. */
const MAX_UNDER_WAY = 50

/** Writes each use of break-glass as an Event into its Pod's namespace. No admission waits, and an Event that fails is told, not tried again. */
export function makeEventWriter(client: Pick<KubernetesClient, 'create'>, log: Pick<ServerLog, 'error'>): (use: BreakGlassUse) => void {
  let underWay = 0
  return (use) => {
    if (use.namespace === '' || underWay >= MAX_UNDER_WAY) return
    underWay++
    const { namespace, kind, apiVersion, name, time } = use
    writeEvent(client, { namespace, kind, apiVersion, name, time, reason: 'BreakGlass', message: describe(use) })
      .catch((error: unknown) =>
        log.error('A use of break-glass could not be written as an Event; the log has it', { err: String(error), namespace, name }),
      )
      .finally(() => {
        underWay--
      })
  }
}

function describe({ user, mark, grant, overridden }: BreakGlassUse): string {
  const by = grant === undefined ? mark : `grant ${grant}`
  const what = overridden.length === 0 ? 'every image would have been let in without it' : `let in regardless: ${overridden.join(', ')}`
  return `Break-glass by ${by}, for ${user || 'unknown'}; ${what}`
}
