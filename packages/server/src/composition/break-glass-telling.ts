import type { BreakGlassConfig } from '../config/break-glass-config.ts'
import { makeEventWriter } from './break-glass-events.ts'
import { type BreakGlassTelling, openBreakGlassHook } from './break-glass-hook.ts'
import { connectKubernetes } from './kubernetes.ts'
import type { ServerLog } from './log.ts'

/** Opens hook and Events, of a server and of a gate alike; without them nobody is told. Rejects with FAILED_PRECONDITION where a file or the cluster cannot be had. */
export async function openBreakGlassTelling(
  { breakGlassHook, breakGlassEvents }: BreakGlassConfig,
  { log, uuid }: { readonly log: ServerLog; readonly uuid: () => string },
): Promise<BreakGlassTelling> {
  const writeEventOf = breakGlassEvents === undefined ? undefined : makeEventWriter(await connectKubernetes(breakGlassEvents, process.env), log)
  const hook = breakGlassHook === undefined ? undefined : openBreakGlassHook(breakGlassHook, log, uuid)
  return {
    tell: (use) => {
      hook?.tell(use)
      writeEventOf?.(use)
    },
    close: async () => await hook?.close(),
  }
}
