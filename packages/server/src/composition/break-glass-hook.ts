import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeGuardedPost } from '@countersign/adapters/notify/guarded-post.ts'
import { openHook } from '@countersign/adapters/notify/hook.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { BreakGlassUse } from '@countersign/gate/break-glass/use.ts'
import type { BreakGlassHookConfig } from '../config/break-glass-hook-config.ts'
import type { ServerLog } from './log.ts'

/** Whoever must hear at once that the glass was broken. */
export interface BreakGlassBell {
  ring(use: BreakGlassUse): void
  close(): Promise<void>
}

/** Opens the hook that the configuration names; without one the bell is silent. Throws FAILED_PRECONDITION where a file cannot be read. */
export function openBreakGlassBell(config: BreakGlassHookConfig | undefined, log: Pick<ServerLog, 'error'>, uuid: () => string): BreakGlassBell {
  if (config === undefined) return { ring: () => undefined, close: async () => undefined }
  const { url, secretFile, caFile, addresses } = config
  const ended = new AbortController()
  const hook = openHook({
    deliver: makeGuardedPost({ url, addresses, ...(caFile === undefined ? {} : { ca: read(caFile) }) }),
    ...(secretFile === undefined ? {} : { secret: read(secretFile).trim() }),
    wait: (ms) => sleep(ms, undefined, { signal: ended.signal, ref: false }).catch(() => undefined),
    onLost: ({ id, data }, reason) => log.error('A use of break-glass could not be told to the hook; the log has it', { id, reason, use: data }),
  })
  return {
    ring: (use) =>
      hook.send({ id: uuid(), type: 'dev.countersign.break-glass.v1', source: `//countersign/projects/${use.project}`, time: use.time, data: use }),
    close: async () => {
      ended.abort()
      await hook.close()
    },
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new StatusError('FAILED_PRECONDITION', `Cannot read "${path}": expected a readable file`, { cause })
  }
}
