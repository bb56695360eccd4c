import { StatusError } from '@countersign/core/status.ts'
import type { Segment } from '@countersign/evidence/log/segment.ts'
import type { Caller } from '../access/caller.ts'
import { requirePermission } from '../access/permission.ts'
import type { Changes } from '../changes/change.ts'
import type { PageAsked, PageTokens } from '../changes/page-token.ts'
import { acceptPage } from '../changes/page-token.ts'
import type { LogTables } from './log-ports.ts'
import type { LogHead } from './seal-log.ts'

/** What proves the log. For callers of all projects: the log holds every project's records. */
export interface SealedLog {
  /** NOT_FOUND before the first checkpoint. */
  getHead(caller: Caller): LogHead
  /** In the order of the log. */
  listSegments(caller: Caller, asked: PageAsked): Promise<{ readonly segments: readonly Segment[]; readonly nextPageToken: string }>
}

export interface SealedLogPorts {
  readonly changes: Pick<Changes<LogTables>, 'read'>
  readonly pageTokens: PageTokens
  readonly head: () => LogHead | undefined
}

/** Makes the flow by which the sealed log is read. */
export function makeSealedLog({ changes, pageTokens, head }: SealedLogPorts): SealedLog {
  return {
    getHead: (caller) => {
      requirePermission(caller, 'countersign.audit.list', 'projects')
      const found = head()
      if (found === undefined) throw new StatusError('NOT_FOUND', 'Requested entity was not found: the log has no checkpoint yet')
      return found
    },
    listSegments: async (caller, asked) => {
      requirePermission(caller, 'countersign.audit.list', 'projects')
      const scope = ['ListLogSegments', caller.principal]
      const page = acceptPage(pageTokens, scope, asked)
      const { items, next } = await changes.read((tables) => tables.listSegments(page))
      return { segments: items, nextPageToken: pageTokens.seal(scope, next) }
    },
  }
}
