import type { JsonObject } from '@bufbuild/protobuf'
import { Audit as AuditService } from '@countersign/api/gen/countersign/v1/audit_pb.ts'
import { Receipts } from '@countersign/api/gen/countersign/v1/receipts_pb.ts'
import { serve, type ServedService } from '@countersign/api/rest/service-implementation.ts'
import type { Audit } from '@countersign/service/audit/audit.ts'
import type { CallContext } from './call-context.ts'
import { toTimestamp } from './time.ts'

/** `countersign.v1.Audit` over the audit flow. */
export function serveAudit(audit: Audit): ServedService<CallContext> {
  return serve(AuditService, {
    listLogEntries: async (query, { caller }) => {
      const { entries, nextPageToken } = await audit.listLogEntries(caller, query)
      return { entries: entries.map((entry) => entry as unknown as JsonObject), nextPageToken }
    },
    listChainRecords: async ({ name, ...asked }, { caller }) => {
      const { records, nextPageToken } = await audit.listChainRecords(caller, name.replace(/^writers\//, ''), asked)
      return { records: records.map((record) => ({ ...record, sequence: BigInt(record.sequence) })), nextPageToken }
    },
    listWriters: async (_request, { caller }) => ({
      writers: (await audit.listWriters(caller)).map(({ writer, sequence, hash }) => ({
        name: `writers/${writer}`,
        sequence: BigInt(sequence),
        hash,
      })),
    }),
  })
}

/** `countersign.v1.Receipts` over the audit flow. */
export function serveReceipts(audit: Audit): ServedService<CallContext> {
  return serve(Receipts, {
    getReceipt: async ({ name }, { caller }) => {
      const { digest, canonical, record } = await audit.getReceipt(caller, name)
      return { name, digest, canonical, writer: record.writer, sequence: BigInt(record.sequence), createTime: toTimestamp(record.time) }
    },
  })
}
