import type { UnverifiedAttestation } from '@countersign/core/attestation/attestation.ts'
import type { ImageDigest } from '@countersign/core/image/reference.ts'
import type { NoteName, OccurrenceName } from '@countersign/core/name/resource-name.ts'
import { formatSignaturePayload } from '../payload/signature-payload.ts'

/** The image of the founding story. */
export const DIGEST = 'sha256:02115bc7409dc044f700a729cacc1648dc4e445572e5765fbcc77029b0adba67' as ImageDigest
/** Another image. */
export const OTHER_DIGEST = `sha256:${'ab'.repeat(32)}` as ImageDigest
export const REPOSITORY = 'gcr.io/qwiklabs-gcp-04-e98db2f05087/nginx'
export const PAYLOAD = formatSignaturePayload({ repository: REPOSITORY, digest: DIGEST })

/** An attestation of the founding story's image with one signature; every field can be another. */
export function makeAttestation(
  signature: { readonly publicKeyId: string; readonly signature: Uint8Array },
  overrides: Partial<UnverifiedAttestation> = {},
): UnverifiedAttestation {
  return {
    occurrence: 'projects/p1/occurrences/o1' as OccurrenceName,
    note: 'projects/p1/notes/n1' as NoteName,
    noteUid: 'note-uid',
    resourceUri: `${REPOSITORY}@${DIGEST}`,
    serializedPayload: PAYLOAD,
    signatures: [signature],
    jwts: [],
    receivedAt: 1_800_000_000_000,
    ...overrides,
  }
}
