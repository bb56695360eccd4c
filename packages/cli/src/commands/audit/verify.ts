import { type ChainVerdict, verifyChain } from '@countersign/evidence/record/chain.ts'
import type { Context } from '../../context.ts'
import { EXIT, type ExitCode, UsageError } from '../../terminal.ts'
import type { Verb } from '../verb.ts'
import { listWriters, parseExport, readChain } from './chains.ts'

/** What was found of one writer's chain. */
interface ChainReport {
  readonly writer: string
  readonly outcome: ChainVerdict['outcome']
  readonly records: number
  readonly detail: string
}

export const verifyAudit: Verb = {
  usage: 'verify [file]',
  summary: 'Prove that nobody altered, cut or reordered the log',
  details: 'Every writer’s chain, from the server or from an export. Exit code 1 where one is broken; the first bad record is named.',
  examples: ['countersign audit verify', 'countersign audit export > audit.jsonl && countersign audit verify audit.jsonl'],
  async run(context, given): Promise<ExitCode> {
    const [file] = given.rest(0)
    const reports = file === undefined ? await verifyServer(context) : await verifyFile(context, file)
    await context.showRows(reports, [
      { heading: 'WRITER', value: 'writer' },
      { heading: 'CHAIN', value: (row) => ((row as ChainReport).outcome === 'INTACT' ? 'intact' : 'BROKEN') },
      { heading: 'RECORDS', value: 'records' },
      { heading: 'DETAIL', value: 'detail' },
    ])
    return reports.every(({ outcome }) => outcome === 'INTACT') ? EXIT.YES : EXIT.NO
  },
}

async function verifyServer(context: Context): Promise<readonly ChainReport[]> {
  const api = await context.api()
  const reports: ChainReport[] = []
  for (const { writer, head } of await listWriters(api)) {
    reports.push(reportOf(writer, await verifyChain(writer, readChain(api, writer), { knownHead: head })))
  }
  return reports
}

async function verifyFile(context: Context, file: string): Promise<readonly ChainReport[]> {
  const bytes = file === '-' ? await context.terminal.readInput() : await context.terminal.files.read(file)
  const chains = Map.groupBy(parseExport(new TextDecoder().decode(bytes), file), ({ writer }) => writer)
  const reports: ChainReport[] = []
  for (const [writer, links] of chains) reports.push(reportOf(writer, await verifyChain(writer, links)))
  // A file without records would otherwise pass as an intact log.
  if (reports.length === 0) throw new UsageError(`"${file}" holds no record: it proves nothing`)
  return reports
}

function reportOf(writer: string, verdict: ChainVerdict): ChainReport {
  if (verdict.outcome === 'INTACT') return { writer, outcome: verdict.outcome, records: verdict.head.sequence, detail: `head ${verdict.head.hash}` }
  return {
    writer,
    outcome: verdict.outcome,
    records: verdict.sequence - 1,
    detail: `record ${verdict.sequence}: ${verdict.fault}: ${verdict.detail}`,
  }
}
