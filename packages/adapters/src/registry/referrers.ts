import type { ImageDigest, ImageReference } from '@countersign/core/image/reference.ts'
import { StatusError } from '@countersign/core/status.ts'
import { type IndexChild, MANIFEST_ACCEPT, MAX_MANIFEST_BYTES, readManifest } from './manifest.ts'
import { nextPath } from './next-path.ts'
import { refusalOf } from './refusal.ts'
import type { Transport } from './transport.ts'

const MAX_REFERRERS = 2000
/** What registries answer that do not know the referrers API: distribution-spec 1.1 says 404, and some know the path for no method. */
const UNKNOWN_API: readonly number[] = [400, 404, 405, 406, 501]

/** The tag under which the referrers of a digest are kept where the registry has no API for them (distribution-spec 1.1, referrers tag schema). */
export function referrersTag(subject: ImageDigest): string {
  return subject.replace(':', '-')
}

/** What hangs on a manifest of the reference's repository: signatures, SBOMs. Page by page, at most 2,000 (RESOURCE_EXHAUSTED); what is listed is a claim. */
export async function listReferrers(transport: Transport, reference: ImageReference, subject: ImageDigest): Promise<readonly IndexChild[]> {
  const { path: repository } = reference
  const found: IndexChild[] = []
  let path: string | undefined = `/v2/${repository}/referrers/${subject}`
  while (path !== undefined) {
    const page: Page | undefined = await fetchPage(transport, reference, path)
    if (page === undefined) return found.length > 0 ? found : await listByTag(transport, reference, subject)
    found.push(...page.referrers)
    expectFew(found.length, subject)
    // A registry that gives an empty page with a next one would keep us for ever.
    path = page.referrers.length === 0 ? undefined : nextPath(page.link, `/v2/${repository}/referrers/${subject}`)
  }
  return found
}

interface Page {
  readonly referrers: readonly IndexChild[]
  readonly link: string
}

/** Undefined where the registry has nothing there. */
async function fetchPage(transport: Transport, reference: ImageReference, path: string): Promise<Page | undefined> {
  const { domain, path: repository } = reference
  const answer = await transport.get({ domain, repository, path, accept: MANIFEST_ACCEPT, maxBytes: MAX_MANIFEST_BYTES })
  if (UNKNOWN_API.includes(answer.status)) return undefined
  if (answer.status !== 200) throw refusalOf(answer, reference)
  const manifest = readManifest(answer.body, { contentType: answer.headers.get('content-type') ?? '' })
  if (manifest.kind === 'INDEX') return { referrers: manifest.children, link: answer.headers.get('link') ?? '' }
  throw new StatusError('DATA_LOSS', `Cannot read the referrers that ${domain} lists: found an image, expected an index`)
}

async function listByTag(transport: Transport, reference: ImageReference, subject: ImageDigest): Promise<readonly IndexChild[]> {
  const page = await fetchPage(transport, reference, `/v2/${reference.path}/manifests/${referrersTag(subject)}`)
  expectFew(page?.referrers.length ?? 0, subject)
  return page?.referrers ?? []
}

function expectFew(count: number, subject: ImageDigest): void {
  if (count > MAX_REFERRERS)
    throw new StatusError('RESOURCE_EXHAUSTED', `Cannot list what refers to ${subject}: the registry lists more than ${MAX_REFERRERS}`)
}
