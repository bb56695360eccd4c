import { type Api, pathOf, textIn, type Tree } from '../../connection/api.ts'
import type { Context } from '../../context.ts'
import { UsageError } from '../../terminal.ts'
import type { Given } from '../given.ts'
import type { VerbOption } from '../verb.ts'

/** On whose behalf an attestation is made: an attestor, or only a note. */
export interface Authority {
  /** `projects/P/notes/N` */
  readonly note: string
  /** Where the attestation is stored: `--project`, else the project of the attestor or note. */
  readonly project: string
  /** The attestor as the API tells it, where one was named. */
  readonly attestor?: Tree
}

export const AUTHORITY_OPTIONS: readonly VerbOption[] = [
  { flags: '--attestor <attestor>', summary: 'the attestor that vouches: an id or a full name' },
  { flags: '--attestor-project <id>', summary: 'project of the attestor (default: --project)' },
  { flags: '--note <note>', summary: 'instead of an attestor, the note to attach to' },
  { flags: '--note-project <id>', summary: 'project of the note (default: --project)' },
]

/** Finds the note to attach to, by attestor or by itself. */
export async function findAuthority(api: Api, context: Context, given: Given): Promise<Authority> {
  const attestorName = nameOf(context, given, 'attestor')
  if (attestorName === undefined) {
    const note = nameOf(context, given, 'note')
    if (note === undefined) throw new UsageError('One of --attestor or --note must be provided.')
    return { note, project: context.findProject() ?? projectIn(note) }
  }
  if (given.has('--note')) throw new UsageError('Only one of --attestor and --note can be given')
  const attestor = await api.call('GET', pathOf('/v1', attestorName))
  const note = textIn(attestor, 'userOwnedGrafeasNote', 'noteReference')
  return { note, attestor, project: context.findProject() ?? projectIn(attestorName) }
}

/** The full name of the attestor that was named; undefined where none was. */
export function findAttestorName(context: Context, given: Given): string | undefined {
  return nameOf(context, given, 'attestor')
}

function nameOf(context: Context, given: Given, noun: 'attestor' | 'note'): string | undefined {
  const text = given.text(`--${noun}`)
  if (text === undefined) return undefined
  if (text === '') throw new UsageError(`Option --${noun} is empty`, 'Did the command or variable that should fill it give nothing?')
  if (/^projects\/[^/]+\/[^/]+\/[^/]+$/.test(text)) return text
  return `projects/${given.text(`--${noun}-project`) ?? context.project()}/${noun}s/${text}`
}

function projectIn(name: string): string {
  return name.split('/')[1] ?? ''
}
