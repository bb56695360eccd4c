import type { Attestor, AttestorPublicKey } from '@countersign/core/attestation/attestor.ts'
import type { Parsed } from '@countersign/core/parsed.ts'
import type { Timestamp } from '@countersign/core/instant.ts'
import type { AttestorName, NoteName, ProjectId } from '@countersign/core/name/resource-name.ts'
import type { Exemption } from '@countersign/core/policy/exemption.ts'
import type { Policy } from '@countersign/core/policy/policy.ts'
import type { PublicKeyInput } from '@countersign/evidence/key/import-key.ts'
import type { Page, PageRequest } from '../changes/page.ts'

/** A policy as stored: what was put, and what only the service writes. Every version is kept, for replay. */
export interface StoredPolicy {
  readonly project: ProjectId
  readonly policy: Policy
  /** Twelve base64 characters inside literal double quotes, as the original writes it (§1.8). */
  readonly etag: string
  readonly updateTime: Timestamp
}

export interface PolicyTables {
  /** Undefined where the project never stored one: the default policy then holds (§1.7). */
  findPolicy(project: ProjectId): Promise<StoredPolicy | undefined>
  /** A version by its etag, current or former. */
  findPolicyVersion(project: ProjectId, etag: string): Promise<StoredPolicy | undefined>
  /** Writes the new current version and keeps the former. */
  putPolicy(policy: StoredPolicy): Promise<void>
}

export interface StoredAttestor {
  readonly attestor: Attestor
  readonly etag: string
  readonly updateTime: Timestamp
}

export interface AttestorTables {
  findAttestor(name: AttestorName): Promise<StoredAttestor | undefined>
  /**
   * The attestor that the project's stored policy means by this name: the one that bore it when the policy was put. Undefined where that one was
   * deleted, whoever bears the name now: names can be reborn, and trust is not inherited with them.
   */
  findNamedAttestor(project: ProjectId, name: AttestorName): Promise<StoredAttestor | undefined>
  /** A version by uid and etag, current or former, even of one since deleted. */
  findAttestorVersion(uid: string, etag: string): Promise<StoredAttestor | undefined>
  listAttestors(project: ProjectId, page: PageRequest): Promise<Page<StoredAttestor>>
  /** Inserts or replaces the current version and keeps the former. */
  putAttestor(attestor: StoredAttestor): Promise<void>
  deleteAttestor(name: AttestorName): Promise<void>
  /** Attestors of any project that name this note. */
  attestorsOfNote(note: NoteName): Promise<readonly StoredAttestor[]>
  /** Attestors of any project that hold a key with this id. */
  attestorsWithKey(publicKeyId: string): Promise<readonly StoredAttestor[]>
  /** Policies, of any project, that name this attestor. */
  policiesNaming(attestor: AttestorName): Promise<readonly ProjectId[]>
}

export interface StoredExemption {
  readonly project: ProjectId
  readonly exemption: Exemption
  readonly createTime: Timestamp
  readonly creator: string
}

export interface ExemptionTables {
  findExemption(project: ProjectId, id: string): Promise<StoredExemption | undefined>
  listExemptions(project: ProjectId, page: PageRequest): Promise<Page<StoredExemption>>
  insertExemption(exemption: StoredExemption): Promise<void>
  deleteExemption(project: ProjectId, id: string): Promise<void>
}

/** Reads a public key: gives it its id and canonical algorithm, or tells everything that is wrong with it; `evidence` does it (binary-authorization.md §2.2–2.4). */
export type KeyImporter = (key: PublicKeyInput) => Promise<Parsed<{ readonly key: AttestorPublicKey }>>
