import type { ImageReference } from '@countersign/core/image/reference.ts'
import { StatusError } from '@countersign/core/status.ts'

/** What a registry's status means to the one who asked; its own texts are not repeated, they are anybody's. */
export function refusalOf({ status }: { readonly status: number }, { text, domain }: Pick<ImageReference, 'text' | 'domain'>): StatusError {
  switch (status) {
    case 401:
      return new StatusError('UNAUTHENTICATED', `Cannot read ${text}: ${domain} asks for a login; run: docker login ${domain}`)
    case 403:
      return new StatusError('PERMISSION_DENIED', `Cannot read ${text}: ${domain} does not let this account read the repository`)
    case 404:
      return new StatusError('NOT_FOUND', `Cannot find ${text} in ${domain}: check its name, its tag, and that it was pushed`)
    case 429:
      return new StatusError('RESOURCE_EXHAUSTED', `Cannot read ${text}: ${domain} is asked too often; log in, or try again later`)
    default:
      return new StatusError('UNAVAILABLE', `Cannot read ${text}: ${domain} answered ${status}`)
  }
}
