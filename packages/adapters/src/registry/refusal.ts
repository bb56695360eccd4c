import type { ImageReference } from '@countersign/core/image/reference.ts'
import { StatusError } from '@countersign/core/status.ts'

/** What a registry's status means to the one who asked; its own texts are not repeated, they are anybody's. */
export function refusalOf(
  { status }: { readonly status: number },
  { text, domain }: Pick<ImageReference, 'text' | 'domain'>,
  verb: 'read' | 'write' = 'read',
): StatusError {
  switch (status) {
    case 401:
      return new StatusError('UNAUTHENTICATED', `Cannot ${verb} ${text}: ${domain} asks for a login; run: docker login ${domain}`)
    case 403:
      return new StatusError('PERMISSION_DENIED', `Cannot ${verb} ${text}: ${domain} does not let this account ${verb} the repository`)
    case 404:
      return new StatusError('NOT_FOUND', `Cannot find ${text} in ${domain}: check its name, its tag, and that it was pushed`)
    case 429:
      return new StatusError('RESOURCE_EXHAUSTED', `Cannot ${verb} ${text}: ${domain} is asked too often; log in, or try again later`)
    default:
      return new StatusError('UNAVAILABLE', `Cannot ${verb} ${text}: ${domain} answered ${status}`)
  }
}
