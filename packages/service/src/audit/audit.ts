import type { Filter } from '@countersign/api/filter/filter.ts'
import { parseLogFilter } from '@countersign/api/filter/filter.ts'
import type { LogEntry } from '@countersign/core/audit/log-entry.ts'
import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Caller } from '../access/caller.ts'
import { requirePermission } from '../access/permission.ts'
import type { Changes } from '../changes/change.ts'
import { listMatching } from '../changes/matching.ts'
import { getValue } from '../changes/invalid.ts'
import type { PageAsked, PageTokens } from '../changes/page-token.ts'
import { acceptPage } from '../changes/page-token.ts'
import { acceptParent } from '../changes/parent.ts'
import { requireFiled } from './filing.ts'
import { findTimeBounds } from './time-bounds.ts'
import { readLogEntry, readRecord } from './log-entry.ts'
import type { AuditQuery, AuditRow, AuditTables, ChainRecord } from './ports.ts'

const ORDERS: Readonly<Record<string, AuditQuery['order']>> = {
  '': 'NEWEST_FIRST',
  'timestamp desc': 'NEWEST_FIRST',
  'timestamp asc': 'OLDEST_FIRST',
}

/** Which entries of a project's log, and in what order. */
export interface LogQuery extends PageAsked {
  /** `projects/P`; a project that was deleted still has its log. */
  readonly parent: string
  /** In Cloud Logging's language, over the entry as it is shown. */
  readonly filter?: string
  /** `timestamp desc` (the default) or `timestamp asc`. */
  readonly orderBy?: string
}

/** The log of decisions and changes, and what it takes to prove that nobody altered it. */
export interface Audit {
  /** May give fewer than a page, or none, with a token: the filter then found nothing so far. */
  listLogEntries(caller: Caller, query: LogQuery): Promise<{ readonly entries: readonly LogEntry[]; readonly nextPageToken: string }>
  /** One writer's records in order, exactly as hashed. For callers of all projects: a chain holds those of every project. */
  listChainRecords(
    caller: Caller,
    writer: string,
    asked: PageAsked,
  ): Promise<{ readonly records: readonly ChainRecord[]; readonly nextPageToken: string }>
  /** Every writer and the head of its chain. */
  listWriters(caller: Caller): Promise<readonly { readonly writer: string; readonly sequence: number; readonly hash: string }[]>
}

export interface AuditPorts {
  readonly changes: Pick<Changes<AuditTables>, 'read'>
  readonly pageTokens: PageTokens
}

/** Makes the audit flow. */
export function makeAudit(ports: AuditPorts): Audit {
  return {
    listLogEntries: (caller, query) => listLogEntries(ports, caller, query),
    listChainRecords: (caller, writer, asked) => listChainRecords(ports, caller, { writer, asked }),
    listWriters: (caller) => listWriters(ports, caller),
  }
}

async function listLogEntries(ports: AuditPorts, caller: Caller, asked: LogQuery): Promise<{ entries: readonly LogEntry[]; nextPageToken: string }> {
  const project = acceptParent(asked.parent)
  requirePermission(caller, 'countersign.audit.list', `projects/${project}`)
  const { filter = '', orderBy = '' } = asked
  const parsed = getValue(parseLogFilter(filter), 'Filter is not valid')
  const query = { project, order: acceptOrder(orderBy), ...findTimeBounds(parsed) }
  const scope = ['ListLogEntries', caller.principal, project, filter, orderBy]
  const page = acceptPage(ports.pageTokens, scope, asked)
  const { items, next } = await ports.changes.read((tables) =>
    listMatching(page, {
      list: (part) => tables.listAudit(query, part),
      lengthOf: ({ canonical }) => canonical.length,
      select: (row) => findEntry(row, parsed),
    }),
  )
  return { entries: items, nextPageToken: ports.pageTokens.seal(scope, next) }
}

function findEntry(row: AuditRow, filter: Filter): LogEntry | undefined {
  const record = readRecord(row)
  requireFiled(row, record)
  const entry = readLogEntry(row, record)
  return filter.matches(entry) ? entry : undefined
}

function acceptOrder(orderBy: string): AuditQuery['order'] {
  const order = Object.hasOwn(ORDERS, orderBy) ? ORDERS[orderBy] : undefined
  if (order !== undefined) return order
  throw new StatusError('INVALID_ARGUMENT', `order_by is ${quote(orderBy)}, expected "timestamp desc" or "timestamp asc"`)
}

async function listChainRecords(
  ports: AuditPorts,
  caller: Caller,
  { writer, asked }: { readonly writer: string; readonly asked: PageAsked },
): Promise<{ records: readonly ChainRecord[]; nextPageToken: string }> {
  requirePermission(caller, 'countersign.audit.list', 'projects')
  const scope = ['ListChainRecords', caller.principal, writer]
  const page = acceptPage(ports.pageTokens, scope, asked)
  const { items, next } = await ports.changes.read((tables) =>
    listMatching(page, {
      list: (part) => tables.listChain(writer, part),
      lengthOf: ({ canonical }) => canonical.length,
      select: chainRecordOf,
    }),
  )
  return { records: items, nextPageToken: ports.pageTokens.seal(scope, next) }
}

async function listWriters(ports: AuditPorts, caller: Caller): ReturnType<Audit['listWriters']> {
  requirePermission(caller, 'countersign.audit.list', 'projects')
  return await ports.changes.read((tables) => tables.listWriters())
}

function chainRecordOf(row: AuditRow): ChainRecord {
  requireFiled(row, readRecord(row))
  const { writer, sequence, previousHash, hash, canonical } = row
  return { writer, sequence, previousHash, hash, canonical }
}
