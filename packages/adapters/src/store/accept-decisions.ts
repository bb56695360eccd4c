import { StatusError } from '@countersign/core/status.ts'
import { appendToChain, type ChainHead } from '@countersign/evidence/record/chain.ts'
import { fileDecision } from '@countersign/service/audit/filing.ts'
import type { ChainRecord } from '@countersign/service/audit/ports.ts'
import type { Database } from './tables/database.ts'
import { auditRow, readHead, writeHead } from './write-change.ts'

/**
 * Takes what a gate ships into its chain: what is there already is passed over, a gap stops, and a record that does not continue the chain, or has the
 * place of another, is refused as damage: a gate whose disk went back in time would otherwise be told that its new decisions are stored. Gives
 * the highest sequence that is now stored without a gap.
 */
export async function acceptDecisions(db: Database, writer: string, records: readonly ChainRecord[]): Promise<number> {
  let head: ChainHead = await readHead(db, writer)
  const first = head.sequence
  const inOrder = [...records].sort((one, other) => one.sequence - other.sequence)
  await refuseFork(
    db,
    writer,
    inOrder.filter(({ sequence }) => sequence <= first),
  )
  for (const record of inOrder) {
    if (record.sequence <= first) continue
    if (record.sequence > head.sequence + 1) break
    head = await append(db, { writer, head, record })
  }
  if (head.sequence > first) await writeHead(db, writer, head)
  return head.sequence
}

async function refuseFork(db: Database, writer: string, again: readonly ChainRecord[]): Promise<void> {
  const [oldest, newest] = [again[0], again.at(-1)]
  if (oldest === undefined || newest === undefined) return
  const taken = await db
    .selectFrom('audit')
    .select(['sequence', 'hash'])
    .where('writer', '=', writer)
    .where('sequence', '>=', oldest.sequence)
    .where('sequence', '<=', newest.sequence)
    .execute()
  const hashes = new Map(taken.map(({ sequence, hash }) => [sequence, hash]))
  const forked = again.find(({ sequence, hash }) => hashes.get(sequence) !== hash)
  if (forked !== undefined) throw refuse(writer, forked, 'another record has its place')
}

async function append(
  db: Database,
  { writer, head, record }: { readonly writer: string; readonly head: ChainHead; readonly record: ChainRecord },
): Promise<ChainHead> {
  const link = appendToChain(writer, head, record.canonical)
  if (record.sequence !== link.sequence || record.hash !== link.hash) throw refuse(writer, record, 'it does not continue the chain')
  await db
    .insertInto('audit')
    .values(auditRow(writer, link, fileDecision(record)))
    .execute()
  return link
}

function refuse(writer: string, { sequence }: ChainRecord, reason: string): StatusError {
  return new StatusError('DATA_LOSS', `Cannot take record ${sequence} of writer "${writer}": ${reason}`)
}
