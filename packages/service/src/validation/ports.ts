import type { Attestor } from '@countersign/core/attestation/attestor.ts'
import type { CheckedAttestation, UnverifiedAttestation } from '@countersign/core/attestation/attestation.ts'
import type { ImageDigest } from '@countersign/core/image/reference.ts'
import type { Timestamp } from '@countersign/core/instant.ts'
import type { AttestorName, ClusterKey, NoteName, OccurrenceName, ProjectId } from '@countersign/core/name/resource-name.ts'
import type { Exemption } from '@countersign/core/policy/exemption.ts'
import type { Policy } from '@countersign/core/policy/policy.ts'
import type { KnownNotes } from '../access/ports.ts'
import type { Page, PageRequest } from '../changes/page.ts'
import type { KnownProjects } from '../changes/known-project.ts'

/** What a check needs of a stored attestation occurrence. */
export interface StoredAttestation {
  readonly name: OccurrenceName
  readonly note: NoteName
  readonly noteUid: string
  readonly resourceUri: string
  readonly body: string
  readonly createTime: Timestamp
}

/** What validation reads; it writes nothing. */
export interface ValidationTables extends KnownProjects, KnownNotes {
  findPolicy(project: ProjectId): Promise<{ readonly policy: Policy; readonly etag: string } | undefined>
  findAttestor(name: AttestorName): Promise<{ readonly attestor: Attestor; readonly etag: string } | undefined>
  /** The one that the project's stored policy means by the name; see `AttestorTables`. */
  findNamedAttestor(project: ProjectId, name: AttestorName): Promise<{ readonly attestor: Attestor; readonly etag: string } | undefined>
  findCluster(project: ProjectId, key: ClusterKey): Promise<{ readonly trustDomain: string } | undefined>
  listExemptions(project: ProjectId, page: PageRequest): Promise<Page<{ readonly exemption: Exemption }>>
  listOccurrences(
    query: { readonly note: { readonly name: NoteName; readonly uid: string }; readonly digest: string; readonly kind: string },
    page: PageRequest,
  ): Promise<Page<StoredAttestation>>
}

/** Checks an attestation against an attestor's keys, for the digest that is asked about; `evidence` does it. Never rejects. */
export type AttestationChecker = (
  attestation: UnverifiedAttestation,
  attestor: Attestor,
  digest: ImageDigest | undefined,
) => Promise<readonly CheckedAttestation[]>
