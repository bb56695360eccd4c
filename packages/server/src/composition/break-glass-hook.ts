import { setTimeout as sleep } from 'node:timers/promises'
import { makeGuard } from '@countersign/adapters/dialer/guard.ts'
import { readNamedFile } from '@countersign/adapters/named-file.ts'
import { openHook } from '@countersign/adapters/notify/hook.ts'
import { makePost } from '@countersign/adapters/notify/post.ts'
import type { BreakGlassUse } from '@countersign/gate/break-glass/use.ts'
import type { BreakGlassHookConfig } from '../config/break-glass-config.ts'
import type { ServerLog } from './log.ts'

/** Tells uses of break-glass to somebody. */
export interface BreakGlassTelling {
  tell(use: BreakGlassUse): void
  close(): Promise<void>
}

/** Opens the hook that the configuration names. Throws FAILED_PRECONDITION where a file cannot be read. */
export function openBreakGlassHook(config: BreakGlassHookConfig, log: Pick<ServerLog, 'error'>, uuid: () => string): BreakGlassTelling {
  const { url, secretFile, caFile, addresses } = config
  const judge = makeGuard({ allowedHosts: addresses === 'ANY' ? [new URL(url).host] : [] })
  const ended = new AbortController()
  const hook = openHook({
    deliver: makePost({ url, judge, ...(caFile === undefined ? {} : { ca: readNamedFile(caFile, 'PEM file') }) }),
    ...(secretFile === undefined ? {} : { secret: readNamedFile(secretFile, 'file').trim() }),
    wait: (ms) => sleep(ms, undefined, { signal: ended.signal, ref: false }).catch(() => undefined),
    onLost: ({ id, data }, reason) => log.error('A use of break-glass could not be told to the hook; the log has it', { id, reason, use: data }),
  })
  return {
    tell: (use) =>
      hook.send({ id: uuid(), type: 'dev.countersign.break-glass.v1', source: `//countersign/projects/${use.project}`, time: use.time, data: use }),
    close: async () => {
      ended.abort()
      await hook.close()
    },
  }
}
