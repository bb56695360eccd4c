import { type Checkpoint, type CheckpointVerifier, parseVerifierKey, splitNotes } from '@countersign/evidence/log/checkpoint.ts'
import { type LogVerdict, proveLog } from '@countersign/evidence/log/prove-log.ts'
import type { Context } from '../../context.ts'
import { UsageError } from '../../terminal.ts'
import type { Given } from '../given.ts'
import type { LogSource } from './chains.ts'

/** A line of what was found: of a writer's chain, or of the log that they make together. */
export interface Report {
  readonly writer: string
  /** INTACT: a chain. PROVEN: the log. UNSEALED: it has no checkpoint yet. */
  readonly outcome: 'INTACT' | 'BROKEN' | 'PROVEN' | 'UNSEALED'
  /** How many hold, from the first on. */
  readonly records: number
  readonly detail: string
}

/** What an auditor brings: checkpoints from elsewhere, and the key that is believed. */
export interface Proof {
  readonly notes: readonly { readonly note: string; readonly from: string }[]
  readonly verifier?: CheckpointVerifier
}

const ALL = 'the log of all'

/** Reads --checkpoint and --public-key. UsageError where a file holds none. */
export async function readProof({ terminal }: Context, given: Given): Promise<Proof> {
  const read = async (file: string): Promise<string> => new TextDecoder().decode(await terminal.files.read(file))
  const [checkpointFile, keyFile] = [given.text('--checkpoint'), given.text('--public-key')]
  const notes = checkpointFile === undefined ? [] : splitNotes(await read(checkpointFile))
  if (checkpointFile !== undefined && notes.length === 0) throw new UsageError(`"${checkpointFile}" holds no checkpoint`)
  const verifier = keyFile === undefined ? undefined : parseVerifierKey((await read(keyFile)).trim())
  if (keyFile !== undefined && verifier === undefined)
    throw new UsageError(`"${keyFile}" holds no key of a log`, 'The data folder of the server has it: log-key.pub')
  return {
    notes: notes.map((note, index) => ({ note, from: `checkpoint ${index + 1} of "${checkpointFile}"` })),
    ...(verifier === undefined ? {} : { verifier }),
  }
}

/** Holds the log against every checkpoint that there is. Where a chain is broken nothing more is said: its row names the record. */
export function proveSealed(
  { header, segments }: LogSource,
  { notes, verifier: brought }: Proof,
  chains: readonly { readonly report: Report; readonly hashes: readonly string[] }[],
): Report {
  const all = header.checkpoint === undefined ? notes : [...notes, { note: header.checkpoint, from: 'the checkpoint that comes with it' }]
  const records = chains.reduce((sum, { report }) => sum + report.records, 0)
  if (all.length === 0 && brought === undefined) return { writer: ALL, outcome: 'UNSEALED', records: 0, detail: `${records} records, no checkpoint` }
  const verifier = brought ?? parseVerifierKey(header.publicKey ?? '')
  if (verifier === undefined) return broken('UNSIGNED: No key comes with it: name one with --public-key')
  const opened = all.map(({ note, from }) => ({ checkpoint: verifier.open(note), from }))
  const unsigned = opened.find(({ checkpoint }) => checkpoint === undefined)
  if (unsigned !== undefined) return broken(`UNSIGNED: ${unsigned.from} is not signed with the key of "${verifier.origin}"`)
  if (opened.length === 0) return broken('UNSIGNED: No checkpoint comes with it: it was taken out, or nothing was sealed yet')
  if (chains.some(({ report }) => report.outcome === 'BROKEN')) return broken('a chain is broken')
  const hashes = new Map(chains.map(({ report, hashes: one }) => [report.writer, one]))
  const checkpoints = opened.map(({ checkpoint }) => checkpoint).filter((checkpoint): checkpoint is Checkpoint => checkpoint !== undefined)
  return reportOf(proveLog({ segments, hashes }, checkpoints), records, brought === undefined ? ' by the key that came with it' : '')
}

function reportOf(verdict: LogVerdict, records: number, by: string): Report {
  if (verdict.outcome === 'PROVEN') {
    const rest = records - verdict.size
    const later = rest === 0 ? '' : `; ${rest} since then, by their chains alone`
    return { writer: ALL, outcome: 'PROVEN', records: verdict.size, detail: `as signed in its checkpoints${by}${later}` }
  }
  const { at, fault, detail } = verdict
  return broken(`${at === undefined ? '' : `record ${at.sequence} of ${at.writer}: `}${fault}: ${detail}`)
}

function broken(detail: string): Report {
  return { writer: ALL, outcome: 'BROKEN', records: 0, detail }
}
