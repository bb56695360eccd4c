import type { Filter } from '@countersign/api/filter/filter.ts'
import { digestOfResourceUri } from '@countersign/core/image/resource-uri.ts'
import type { Message } from './message.ts'
import { textOf } from './message.ts'
import type { OccurrenceQuery } from './ports.ts'

const DIGEST_SUFFIX = /^@?(sha256:[0-9a-f]{64})$/

/**
 * What a filter sees of a note or occurrence: its message, and the two names that clients use beside the message's own
 * (kritis-and-grafeas.md §4.8), `noteProjectId` and `noteId`.
 */
export function filterFieldsOf(message: Message): Message {
  const [, noteProjectId = '', ...rest] = textOf(message['noteName'] ?? message['name']).split('/')
  const noteId = rest.at(-1) ?? ''
  return { ...message, noteProjectId, noteId }
}

/**
 * What a filter demands in every case, as far as the store can look it up: the digest that a demanded resource URI or suffix is, and the kind. The URI
 * itself is not looked up, because it is the same with and without its scheme.
 */
export function narrow(filter: Filter): Pick<OccurrenceQuery, 'digest' | 'kind'> {
  const suffix = DIGEST_SUFFIX.exec(filter.demandedSuffix('resourceUri') ?? '')?.[1]
  const digest = digestOfResourceUri(filter.demanded('resourceUri') ?? '') ?? suffix
  const kind = filter.demanded('kind')
  return { ...(digest === undefined ? {} : { digest }), ...(kind === undefined ? {} : { kind }) }
}
