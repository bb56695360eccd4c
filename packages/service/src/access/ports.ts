import type { Timestamp } from '@countersign/core/instant.ts'
import type { ClusterKey, NoteName, ProjectId } from '@countersign/core/name/resource-name.ts'

/** The roles of an API token. An attestor may attach to the notes it names, and read. A gate follows one cluster's project, files that cluster's decisions, and no more. */
export type Role = 'admin' | 'attestor' | 'viewer' | 'gate'

/** An API token as stored: the secret itself is kept nowhere, only its SHA-256. */
export interface StoredToken {
  readonly id: string
  readonly secretHash: string
  readonly displayName: string
  readonly role: Role
  /** Absent: all projects. */
  readonly project?: ProjectId
  /** For the role `attestor`: the notes it may attach to. */
  readonly notes: readonly NoteName[]
  /** For the role `gate`, and for it always: the cluster of `project` that it stands at. */
  readonly cluster?: ClusterKey
  readonly createTime: Timestamp
  readonly expireTime?: Timestamp
  readonly revokeTime?: Timestamp
}

export interface TokenTables {
  findToken(id: string): Promise<StoredToken | undefined>
  listTokens(): Promise<readonly StoredToken[]>
  insertToken(token: StoredToken): Promise<void>
  revokeToken(id: string, time: Timestamp): Promise<void>
}

/** What access needs to know of clusters: whether one exists. */
export interface KnownClusters {
  findCluster(project: ProjectId, key: ClusterKey): Promise<{ readonly key: ClusterKey; readonly uid: string } | undefined>
}

/** What access needs to know of notes: whether one exists. */
export interface KnownNotes {
  findNote(name: NoteName): Promise<{ readonly name: NoteName; readonly uid: string } | undefined>
}
