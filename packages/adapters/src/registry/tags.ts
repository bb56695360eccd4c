import type { ImageReference } from '@countersign/core/image/reference.ts'
import { StatusError } from '@countersign/core/status.ts'
import { nextPath } from './next-path.ts'
import { parseObject } from './read-body.ts'
import { refusalOf } from './refusal.ts'
import type { Transport } from './transport.ts'

const PAGE = 1000
const MAX_TAGS = 10_000
const MAX_PAGE_BYTES = 4 * 1024 * 1024
const TAG = /^\w[\w.-]{0,127}$/

/** All tags of a repository, page by page. */
export async function listTags(transport: Transport, reference: ImageReference): Promise<readonly string[]> {
  const { domain, path: repository } = reference
  const tags: string[] = []
  let path: string | undefined = `/v2/${repository}/tags/list?n=${PAGE}`
  while (path !== undefined) {
    const answer = await transport.get({ domain, repository, path, accept: 'application/json', maxBytes: MAX_PAGE_BYTES })
    if (answer.status !== 200) throw refusalOf(answer, reference)
    const page = readTags(answer.body, domain)
    tags.push(...page)
    if (tags.length > MAX_TAGS)
      throw new StatusError('RESOURCE_EXHAUSTED', `Cannot list the tags of ${domain}/${repository}: there are more than ${MAX_TAGS}`)
    // A registry that gives an empty page with a next one would keep us for ever.
    path = page.length === 0 ? undefined : nextPath(answer.headers.get('link') ?? '', `/v2/${repository}/tags/list`)
  }
  return tags
}

function readTags(body: Uint8Array, domain: string): readonly string[] {
  const { tags } = parseObject(body, `the tags of ${domain}`)
  if (tags === null || tags === undefined) return []
  if (Array.isArray(tags) && tags.every((tag): tag is string => typeof tag === 'string' && TAG.test(tag))) return tags
  throw new StatusError('DATA_LOSS', `Cannot read the tags of ${domain}: expected a list of valid tags`)
}
