import type { ImageDigest } from '@countersign/core/image/reference.ts'
import type { ProjectWorld } from '../packages/gate/src/ports.ts'
import { attestedBy, attestorWithKey, policy, projectWorld } from '../packages/gate/src/testing/factories.ts'
import { MemoryWorld } from '../packages/gate/src/testing/memory-world.ts'
import { realisticReview } from './review-body.ts'

/** What one run compares. Both servers of a variant get the same bytes. */
export interface Variant {
  readonly title: string
  readonly body: Buffer
  readonly world: () => MemoryWorld
}

const REPOSITORY = 'registry.example.com/shop/web'

export const variants: Readonly<Record<string, Variant>> = {
  allowlist: { title: 'allowlist hit, 2 images', body: realisticReview(images(2)), world: () => new MemoryWorld([allowing()]) },
  attested: { title: 'one attested image', body: realisticReview(images(1)), world: () => attested(1) },
  ten: { title: 'ten attested images', body: realisticReview(images(10)), world: () => attested(10) },
}

function images(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${REPOSITORY}@${digest(index)}`)
}

function digest(index: number): ImageDigest {
  return `sha256:${index.toString(16).padStart(2, '0').repeat(32)}` as ImageDigest
}

/** A thousand patterns, the last of which matches. */
function allowing(): ProjectWorld {
  const patterns = [
    ...Array.from({ length: 999 }, (_, index) => `registry.example.com/team-${index}/*`),
    `${REPOSITORY}@*`,
    'registry.example.com/shop/**',
  ]
  return projectWorld({ policy: policy({ admissionWhitelistPatterns: patterns.map((namePattern) => ({ namePattern })) }) })
}

function attested(count: number): MemoryWorld {
  const { attestor, attest, named } = attestorWithKey()
  const world = new MemoryWorld([
    projectWorld({ policy: policy({ defaultAdmissionRule: attestedBy(attestor.name) }), attestors: { [attestor.name]: named } }),
  ])
  for (let index = 0; index < count; index++)
    world.addAttestation(attest(digest(index), { resourceUri: `https://${REPOSITORY}@${digest(index)}` }), digest(index))
  return world
}
