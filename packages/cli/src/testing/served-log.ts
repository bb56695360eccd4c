import { formatPolicy } from '@countersign/core/policy/format.ts'
import type { Policy } from '@countersign/core/policy/policy.ts'
import { SYSTEM_POLICY } from '@countersign/core/policy/system-policy.ts'
import { ADMIN } from '@countersign/service/testing/callers.ts'
import type { PolicyWorld } from '@countersign/service/testing/policy-world.ts'
import { textIn as text } from '../connection/api.ts'
import { type Json, pageIn as page, serveJson } from './served-json.ts'
import { Audit } from '@countersign/api/gen/countersign/v1/audit_pb.ts'
import { Receipts } from '@countersign/api/gen/countersign/v1/receipts_pb.ts'
import { makeAudit } from '@countersign/service/audit/audit.ts'
import { makeReceipts, type FoundReceipt } from '@countersign/service/audit/receipts.ts'
import { makeLogSealer } from '@countersign/service/audit/seal-log.ts'
import { makeSealedLog } from '@countersign/service/audit/sealed-log.ts'
import { makeCheckpointKey, makeCheckpointSigner } from '@countersign/evidence/log/checkpoint.ts'
import { memoryLog } from '@countersign/service/testing/memory-log.ts'

/** The log, its receipts and what proves it, as the fake server serves them; sealed whenever its head is asked for. */
export function logOf({ store, pageTokens }: PolicyWorld) {
  const audit = makeAudit({ changes: store.changes, pageTokens })
  const receipts = makeReceipts({ changes: store.changes, pageTokens, systemPolicy: SYSTEM_POLICY })
  const changes = memoryLog(store.changes)
  const notes: string[] = []
  const shelf = { last: () => notes.at(-1), append: (note: string) => void notes.push(note) }
  const sealer = makeLogSealer({ changes, shelf, signer: makeCheckpointSigner('countersign.log/fake', makeCheckpointKey()) })
  const sealedLog = makeSealedLog({ changes, pageTokens, head: () => sealer.head() })
  const receipt = (name: string, { record, ...found }: FoundReceipt): Json => {
    const { writer, sequence, time } = record
    return { name, ...found, writer, sequence, createTime: time }
  }
  const version = ({ etag, policy }: { readonly etag: string; readonly policy: Policy }): Json => ({
    etag,
    policy: formatPolicy(policy) as unknown as Json,
  })
  return [
    serveJson(Audit, {
      listLogEntries: async (request) => {
        const query = { parent: text(request, 'parent'), filter: text(request, 'filter'), orderBy: text(request, 'orderBy'), ...page(request) }
        return await audit.listLogEntries(ADMIN, query)
      },
      listChainRecords: async (request) => await audit.listChainRecords(ADMIN, text(request, 'name').replace('writers/', ''), page(request)),
      listWriters: async () => ({
        writers: (await audit.listWriters(ADMIN)).map(({ writer, sequence, hash }) => ({ name: `writers/${writer}`, sequence, hash })),
      }),
      getLogHead: async () => {
        await sealer.seal()
        return sealedLog.getHead(ADMIN)
      },
      listLogSegments: async (request) => await sealedLog.listSegments(ADMIN, page(request)),
    }),
    serveJson(Receipts, {
      getReceipt: async (request) => receipt(text(request, 'name'), await receipts.getReceipt(ADMIN, text(request, 'name'))),
      listReceipts: async (request) => {
        const query = { parent: text(request, 'parent'), startTime: text(request, 'startTime'), ...page(request) }
        const { receipts: found, nextPageToken } = await receipts.listReceipts(ADMIN, query)
        return { receipts: found.map((one) => receipt(`${query.parent}/receipts/${one.digest}`, one)), nextPageToken }
      },
      getReceiptVersions: async (request) => {
        const { policy, systemPolicy, attestors } = await receipts.getReceiptVersions(ADMIN, text(request, 'name'))
        return {
          ...(policy === undefined ? {} : { policy: version(policy) }),
          ...(systemPolicy === undefined ? {} : { systemPolicy: version(systemPolicy) }),
          attestors,
        }
      },
    }),
  ]
}
