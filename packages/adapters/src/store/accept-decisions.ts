import { StatusError } from '@countersign/core/status.ts'
import { appendToChain, type ChainHead } from '@countersign/evidence/record/chain.ts'
import type { AuditRow } from '@countersign/service/audit/ports.ts'
import type { Database } from './tables/database.ts'
import { auditRow, readHead, writeHead } from './write-change.ts'

/**
 * Takes what a gate ships into its chain: what is there already is passed over, a gap stops, and a record that does not continue the chain is refused
 * as damage. Gives the highest sequence that is now stored without a gap.
 */
export async function acceptDecisions(db: Database, writer: string, records: readonly AuditRow[]): Promise<number> {
  let head: ChainHead = await readHead(db, writer)
  const first = head.sequence
  for (const record of [...records].sort((one, other) => one.sequence - other.sequence)) {
    if (record.sequence <= head.sequence) continue
    if (record.sequence > head.sequence + 1) break
    head = await append(db, { writer, head, record })
  }
  if (head.sequence > first) await writeHead(db, writer, head)
  return head.sequence
}

async function append(
  db: Database,
  { writer, head, record }: { readonly writer: string; readonly head: ChainHead; readonly record: AuditRow },
): Promise<ChainHead> {
  const link = appendToChain(writer, head, record.canonical)
  if (link.hash !== record.hash) {
    throw new StatusError('DATA_LOSS', `Cannot take record ${record.sequence} of writer "${writer}": it does not continue the chain`)
  }
  const { project, time, receiptDigest = null } = record
  await db
    .insertInto('audit')
    .values(auditRow(writer, link, { project, time, receiptDigest }))
    .execute()
  return link
}
