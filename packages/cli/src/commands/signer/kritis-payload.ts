import type { ImageDigest } from '@countersign/core/image/reference.ts'

/**
 * The bytes that kritis signs (kritis-and-grafeas.md §3.1): JSON without spaces, keys in this order, no line feed at the end. Its library spells
 * the default registry `index.docker.io`.
 */
export function formatKritisPayload(repository: string, digest: ImageDigest): Uint8Array {
  const critical = {
    identity: { 'docker-reference': repository.replace(/^docker\.io\//, 'index.docker.io/') },
    image: { 'docker-manifest-digest': digest },
    type: 'atomic container signature',
  }
  return new TextEncoder().encode(JSON.stringify({ critical }))
}
