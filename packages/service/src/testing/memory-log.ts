import type { Segment } from '@countersign/evidence/log/segment.ts'
import type { LogPorts, LogTables } from '../audit/log-ports.ts'
import type { AuditTables } from '../audit/ports.ts'
import type { Changes } from '../changes/change.ts'
import { readAll } from './contract-store.ts'
import { numberKey, pageOf } from './memory-page.ts'

/** The Merkle log's tables over the chains of a store in memory. */
export function memoryLog({ read }: Pick<Changes<AuditTables>, 'read'>): LogPorts['changes'] {
  const segments: Segment[] = []
  const lastOf = (writer: string): number => segments.findLast((segment) => segment.writer === writer)?.last ?? 0
  const tables: LogTables = {
    listSegments: async (page) => pageOf(segments, ({ start }) => numberKey(start), page),
    listUnsealed: async () => {
      const heads = await read((all) => all.listWriters())
      return heads.flatMap(({ writer, sequence }) => (sequence > lastOf(writer) ? [{ writer, first: lastOf(writer) + 1, last: sequence }] : []))
    },
    insertSegment: async (segment) => void segments.push(segment),
    listHashes: async ({ writer, first, last }) => {
      const rows = await read((all) => readAll((page) => all.listChain(writer, page), 1000))
      return rows.slice(first - 1, last).map(({ hash }) => hash)
    },
  }
  const refuse = async (): Promise<never> => {
    throw new TypeError('Sealing changes nothing that the feed tells of')
  }
  return { read: (work) => work(tables), commit: (work) => work({ ...tables, recordChange: refuse }) }
}
