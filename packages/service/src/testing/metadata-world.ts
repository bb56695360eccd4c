import { makePageTokens } from '../changes/page-token.ts'
import { makeNotes } from '../metadata/notes.ts'
import type { Notes } from '../metadata/notes.ts'
import { makeOccurrences } from '../metadata/occurrences.ts'
import type { Occurrences } from '../metadata/occurrences.ts'
import { makeClusters } from '../registration/clusters.ts'
import type { Clusters } from '../registration/clusters.ts'
import { makeProjects } from '../registration/projects.ts'
import type { Projects } from '../registration/projects.ts'
import { ADMIN } from './callers.ts'
import { makeMemoryStore } from './memory-tables.ts'
import type { MemoryStore } from './memory-tables.ts'
import { makeTestSurroundings } from './surroundings.ts'
import type { TestSurroundings } from './surroundings.ts'
import type { PageTokens } from '../changes/page-token.ts'

/** A store in memory with registration and metadata over it. */
export interface MetadataWorld {
  readonly store: MemoryStore
  readonly surroundings: TestSurroundings
  readonly pageTokens: PageTokens
  readonly projects: Projects
  readonly clusters: Clusters
  readonly notes: Notes
  readonly occurrences: Occurrences
}

/** Makes a world whose `projects` exist already. */
export async function makeMetadataWorld(
  projectIds: readonly string[],
  limits = { maxPerDigest: { count: 100, bytes: 1_000_000 } },
): Promise<MetadataWorld> {
  const store = makeMemoryStore()
  const surroundings = makeTestSurroundings()
  const pageTokens = makePageTokens(surroundings.random(32))
  const ports = { changes: store.changes, surroundings, pageTokens }
  const projects = makeProjects(ports)
  for (const id of projectIds) await projects.createProject(ADMIN, id)
  return {
    store,
    surroundings,
    pageTokens,
    projects,
    clusters: makeClusters(ports),
    notes: makeNotes(ports),
    occurrences: makeOccurrences({ ...ports, ...limits }),
  }
}

/** An attestation note as clients send it. */
export const ATTESTATION_NOTE = { attestation: { hint: { humanReadableName: 'qa' } } }

export const DIGEST = `sha256:${'ab'.repeat(32)}`

/** An attestation occurrence as clients send it. */
export function attestationOf(noteName: string, overrides: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const signature = { publicKeyId: 'key-1', signature: Buffer.from('a signature').toString('base64') }
  const attestation = { serializedPayload: Buffer.from('{}').toString('base64'), signatures: [signature] }
  return { noteName, resourceUri: `https://registry.example/app@${DIGEST}`, attestation, ...overrides }
}
