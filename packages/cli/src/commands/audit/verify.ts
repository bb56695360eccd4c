import { type ChainVerdict, verifyChain } from '@countersign/evidence/record/chain.ts'
import type { Context } from '../../context.ts'
import { EXIT, type ExitCode, UsageError } from '../../terminal.ts'
import type { Given } from '../given.ts'
import type { Verb } from '../verb.ts'
import { type LogSource, openServerLog, type Writer, type WrittenLink } from './chains.ts'
import { parseExport } from './export-file.ts'
import { proveSealed, readProof, type Report } from './prove.ts'

export const verifyAudit: Verb = {
  usage: 'verify [file]',
  summary: 'Prove that nobody altered, cut, reordered or rewrote the log',
  details:
    'Every writer’s chain, and the Merkle log of all of them against its signed checkpoints; from the server or from an export.\n' +
    'A checkpoint that was kept elsewhere (serve --checkpoint-file) shows what the owner of the database could hide; the key lies in the data folder, log-key.pub.\n' +
    'Exit code 1 where something is broken; the first bad record is named.',
  examples: [
    'countersign audit verify',
    'countersign audit export > audit.jsonl && countersign audit verify audit.jsonl',
    'countersign audit verify audit.jsonl --checkpoint /mnt/elsewhere/checkpoints --public-key log-key.pub',
  ],
  options: [
    { flags: '--checkpoint <file>', summary: 'checkpoints that were kept elsewhere; all of them must hold' },
    {
      flags: '--public-key <file>',
      summary: 'the key that signed them, as the data folder’s log-key.pub has it; else the one that comes with the log is believed',
    },
  ],
  async run(context, given): Promise<ExitCode> {
    const proof = await readProof(context, given)
    const source = await openSource(context, given)
    const reports = await verifySource(source)
    const rows = [...reports.map(({ report }) => report), proveSealed(source, proof, reports)]
    await context.showRows(rows, [
      { heading: 'WRITER', value: 'writer' },
      { heading: 'CHAIN', value: (row) => OUTCOMES[(row as Report).outcome] },
      { heading: 'RECORDS', value: 'records' },
      { heading: 'DETAIL', value: 'detail' },
    ])
    if (rows.some(({ outcome }) => outcome === 'UNSEALED'))
      context.terminal.say('WARNING: The log has no checkpoint: a cut or rewritten end would not show')
    return rows.some(({ outcome }) => outcome === 'BROKEN') ? EXIT.NO : EXIT.YES
  },
}

const OUTCOMES: Readonly<Record<Report['outcome'], string>> = { INTACT: 'intact', BROKEN: 'BROKEN', PROVEN: 'proven', UNSEALED: 'not sealed' }

async function openSource(context: Context, given: Given): Promise<LogSource> {
  const [file] = given.rest(0)
  if (file === undefined) return await openServerLog(await context.api())
  const bytes = file === '-' ? await context.terminal.readInput() : await context.terminal.files.read(file)
  const source = parseExport(new TextDecoder().decode(bytes), file)
  // A file without records would otherwise pass as an intact log.
  if (source.header.heads.length === 0) throw new UsageError(`"${file}" holds no record: it proves nothing`)
  return source
}

/** What was found of a chain, and the hashes of its records: the log is made of them. */
export interface VerifiedChain {
  readonly report: Report
  readonly hashes: readonly string[]
}

async function verifySource(source: LogSource): Promise<readonly VerifiedChain[]> {
  const chains: VerifiedChain[] = []
  for (const one of source.header.heads) chains.push(await verifyWriter(source, one))
  const strange = source.strangers.map((writer) => ({ report: broken(writer, 0, 'the export names no such writer'), hashes: [] }))
  return [...chains, ...strange]
}

async function verifyWriter(source: LogSource, { writer, head }: Writer): Promise<VerifiedChain> {
  const hashes: string[] = []
  const verdict = await verifyChain(writer, keepHashes(source.links(writer), hashes), { knownHead: head })
  return { report: reportOf(writer, verdict, head.sequence), hashes }
}

async function* keepHashes(links: Iterable<WrittenLink> | AsyncIterable<WrittenLink>, hashes: string[]): AsyncGenerator<WrittenLink> {
  for await (const link of links) {
    hashes.push(link.hash)
    yield link
  }
}

function reportOf(writer: string, verdict: ChainVerdict, end: number): Report {
  if (verdict.outcome === 'BROKEN') return broken(writer, verdict.sequence - 1, `record ${verdict.sequence}: ${verdict.fault}: ${verdict.detail}`)
  const { sequence, hash } = verdict.head
  if (sequence > end) return broken(writer, end, `record ${end + 1}: ADDED: It stands behind the end that the export names`)
  return { writer, outcome: 'INTACT', records: sequence, detail: `head ${hash}` }
}

function broken(writer: string, records: number, detail: string): Report {
  return { writer, outcome: 'BROKEN', records, detail }
}
