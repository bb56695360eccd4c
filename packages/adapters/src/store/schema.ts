/** The rows of the store, by table. Names and times are in one canonical form; bodies are JSON texts. */
export interface Schema {
  readonly meta: { readonly key: string; readonly value: string }
  readonly project: { readonly id: string; readonly uid: string; readonly number: string; readonly create_time: string }
  readonly cluster: {
    readonly project: string
    readonly key: string
    readonly uid: string
    readonly trust_domain: string
    readonly segment: string
    readonly create_time: string
    readonly settings: string
  }
  readonly policy: { readonly project: string; readonly etag: string; readonly update_time: string; readonly body: string }
  /** Every version, the current one too; outlives its project. */
  readonly policy_version: { readonly project: string; readonly etag: string; readonly update_time: string; readonly body: string }
  /** Which attestors the current policies name; `uid` is the one that bore the name when the policy was put, null where nobody did. */
  readonly policy_attestor: { readonly project: string; readonly attestor: string; readonly uid: string | null }
  readonly attestor: AttestorRow
  readonly attestor_version: AttestorRow
  readonly attestor_key: { readonly attestor: string; readonly key_id: string }
  readonly exemption: { readonly project: string; readonly id: string; readonly create_time: string; readonly creator: string; readonly body: string }
  readonly break_glass: {
    readonly project: string
    readonly etag: string
    readonly update_time: string
    readonly body: string
    readonly public_key: string
    readonly private_key: string
  }
  /** `revoked` is 1 where the token of an approved grant must be refused. */
  readonly break_glass_grant: { readonly project: string; readonly id: string; readonly revoked: number; readonly body: string }
  readonly note: {
    readonly name: string
    readonly uid: string
    readonly project: string
    readonly kind: string
    readonly body: string
    readonly etag: string
    readonly create_time: string
    readonly update_time: string
  }
  readonly occurrence: {
    /** Order of creation. */
    readonly row: number
    readonly name: string
    readonly project: string
    readonly kind: string
    readonly note: string
    readonly note_uid: string
    readonly resource_uri: string
    readonly digest: string | null
    readonly content_hash: string
    /** Null in rows that are older than the column. */
    readonly writer: string | null
    readonly body: string
    readonly etag: string
    readonly create_time: string
    readonly update_time: string
  }
  readonly token: {
    readonly id: string
    readonly secret_hash: string
    readonly display_name: string
    readonly role: string
    readonly project: string | null
    readonly notes: string
    readonly cluster: string | null
    readonly create_time: string
    readonly expire_time: string | null
    readonly revoke_time: string | null
  }
  readonly feed: {
    readonly position: number
    readonly project: string
    readonly kind: string
    readonly name: string
    readonly etag: string | null
    readonly operation: string
    readonly note: string | null
    readonly digest: string | null
  }
  /** One row: the position of the last change and the number of the last occurrence, locked until commit so that both are given in commit order. */
  readonly feed_head: { readonly id: number; readonly position: number; readonly last_occurrence: number }
  readonly audit: {
    readonly writer: string
    readonly sequence: number
    readonly previous_hash: string
    readonly hash: string
    readonly canonical: string
    readonly project: string
    readonly time: string
    readonly receipt_digest: string | null
  }
  /** Gates that stand alone: whose each writer is, and how it last said that it stands. */
  readonly gate: {
    readonly writer: string
    readonly token: string
    readonly project: string
    readonly cluster: string
    readonly cluster_uid: string
    readonly report: string
    readonly seen_time: string
  }
  /** Records `first` to `last` of a chain are the leaves of the Merkle log from `start` on. */
  readonly log_segment: { readonly start: number; readonly writer: string; readonly first: number; readonly last: number }
  readonly chain_head: { readonly writer: string; readonly sequence: number; readonly hash: string }
}

interface AttestorRow {
  readonly name: string
  readonly uid: string
  readonly project: string
  readonly note: string
  readonly etag: string
  readonly update_time: string
  readonly body: string
}
