import type { JsonObject } from '@bufbuild/protobuf'
import { Audit as AuditService } from '@countersign/api/gen/countersign/v1/audit_pb.ts'
import { Receipts } from '@countersign/api/gen/countersign/v1/receipts_pb.ts'
import { serve, type ServedService } from '@countersign/api/rest/service-implementation.ts'
import { formatPolicy } from '@countersign/core/policy/format.ts'
import type { Policy } from '@countersign/core/policy/policy.ts'
import type { Segment } from '@countersign/evidence/log/segment.ts'
import type { Audit } from '@countersign/service/audit/audit.ts'
import type { FoundReceipt, Receipts as ReceiptFlow } from '@countersign/service/audit/receipts.ts'
import type { SealedLog } from '@countersign/service/audit/sealed-log.ts'
import type { CallContext } from './call-context.ts'
import { toTimestamp } from './time.ts'

/** `countersign.v1.Audit` over the audit flow and the sealed log. */
export function serveAudit(audit: Audit, log: SealedLog): ServedService<CallContext> {
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
    getLogHead: async (_request, { caller }) => log.getHead(caller),
    listLogSegments: async (asked, { caller }) => {
      const { segments, nextPageToken } = await log.listSegments(caller, asked)
      return { segments: segments.map(segmentOf), nextPageToken }
    },
  })
}

function segmentOf({ start, writer, first, last }: Segment) {
  return { start: BigInt(start), writer, first: BigInt(first), last: BigInt(last) }
}

/** `countersign.v1.Receipts` over the flow of receipts. */
export function serveReceipts(receipts: ReceiptFlow): ServedService<CallContext> {
  return serve(Receipts, {
    getReceipt: async ({ name }, { caller }) => messageOf(name, await receipts.getReceipt(caller, name)),
    listReceipts: async (query, { caller }) => {
      const { receipts: found, nextPageToken } = await receipts.listReceipts(caller, query)
      return { receipts: found.map((receipt) => messageOf(`${query.parent}/receipts/${receipt.digest}`, receipt)), nextPageToken }
    },
    getReceiptVersions: async ({ name }, { caller }) => {
      const { policy, systemPolicy, attestors } = await receipts.getReceiptVersions(caller, name)
      return {
        ...(policy === undefined ? {} : { policy: policyVersionOf(policy) }),
        ...(systemPolicy === undefined ? {} : { systemPolicy: policyVersionOf(systemPolicy) }),
        attestors: attestors.map(({ etag, attestor }) => ({ etag, attestor: attestor as unknown as JsonObject })),
      }
    },
  })
}

function messageOf(name: string, { digest, canonical, record }: FoundReceipt) {
  return { name, digest, canonical, writer: record.writer, sequence: BigInt(record.sequence), createTime: toTimestamp(record.time) }
}

function policyVersionOf({ etag, policy }: { readonly etag: string; readonly policy: Policy }) {
  return { etag, policy: formatPolicy(policy) as unknown as JsonObject }
}
