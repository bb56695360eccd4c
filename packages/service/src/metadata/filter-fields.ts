import { digestOfResourceUri } from '@countersign/core/image/resource-uri.ts'
import type { ParsedFilter } from '../changes/filter.ts'
import type { Message } from './message.ts'
import { textOf } from './message.ts'
import type { OccurrenceQuery } from './ports.ts'

/**
 * What a filter sees of a note or occurrence: its message, and the names that clients use beside the message's own (kritis-and-grafeas.md §4.8):
 * `resourceUrl`, `resource.uri`, `noteProjectId`, `noteId`.
 */
export function filterFieldsOf(message: Message): Message {
  const [, noteProjectId = '', , noteId = ''] = textOf(message['noteName'] ?? message['name']).split('/')
  const uri = textOf(message['resourceUri'])
  return { ...message, resourceUrl: uri, resource: { uri }, noteProjectId, noteId }
}

const DIGEST = /sha256:[0-9a-f]{64}$/
const URI_FIELDS = ['resourceUrl', 'resourceUri', 'resource.uri']

/**
 * What a filter demands in every case, as far as the store can look it up: the digest that a demanded resource URI or suffix ends in, and the kind. The
 * URI itself is not looked up, because it is the same with and without its scheme.
 */
export function narrow(filter: ParsedFilter): Pick<OccurrenceQuery, 'digest' | 'kind'> {
  const digests = URI_FIELDS.flatMap((field) => [
    digestOfResourceUri(filter.demanded(field) ?? ''),
    DIGEST.exec(filter.demandedSuffix(field) ?? '')?.[0],
  ])
  const digest = digests.find((found) => found !== undefined)
  const kind = filter.demanded('kind')
  return { ...(digest === undefined ? {} : { digest }), ...(kind === undefined ? {} : { kind }) }
}
