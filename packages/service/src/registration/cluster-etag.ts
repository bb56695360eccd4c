import { createHash } from 'node:crypto'
import { formatCanonicalJson } from '@countersign/evidence/record/canonical-json.ts'
import type { Cluster } from './ports.ts'

/**
 * The etag of a cluster's settings, in the form of every other (`changes/etag`). It is made of what it stands for: whoever writes back what he read has
 * overwritten nobody, even where others wrote in between and took it back. A cluster that is registered anew has another.
 */
export function clusterEtag({ uid, settings }: Pick<Cluster, 'uid' | 'settings'>): string {
  const digest = createHash('sha256').update(formatCanonicalJson({ uid, settings })).digest()
  return `"${digest.subarray(0, 9).toString('base64')}"`
}
