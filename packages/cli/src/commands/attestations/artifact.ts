import { type ArtifactUrl, parseArtifactUrl } from '@countersign/evidence/payload/artifact-url.ts'
import { UsageError } from '../../terminal.ts'

/** An image by digest, by gcloud's rules and with its error texts. UsageError with a next step for anything else. */
export function acceptArtifactUrl(url: string): ArtifactUrl {
  const parsed = parseArtifactUrl(url)
  if (parsed.ok) return parsed.value
  throw new UsageError(
    parsed.issues[0]?.message ?? 'The artifact URL is not valid',
    'Attestations are made of digests. The digests of a repository: countersign images list-tags REPOSITORY',
  )
}
