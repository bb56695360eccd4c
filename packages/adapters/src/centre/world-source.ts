import { FindAttestationsResponseSchema, GetWorldResponseSchema, ListChangesResponseSchema } from '@countersign/api/gen/countersign/v1/gates_pb.ts'
import type { ClusterKey, ProjectId } from '@countersign/core/name/resource-name.ts'
import type { ChangeNotice, ProjectWorld, WorldSource } from '@countersign/gate/ports.ts'
import type { CentreClient } from './client.ts'
import { readAttestation, readChange, readMessage, readWorld } from './read-answers.ts'

/** Where a gate stands. */
export interface CentrePlace {
  readonly project: ProjectId
  readonly cluster: ClusterKey
}

/** The path of a place's resources at the centre. */
export function pathOf({ project, cluster }: CentrePlace): string {
  return `projects/${project}/clusters/${encodeURIComponent(cluster)}`
}

/**
 * The centre as a source of the world: one project's.
 *
 * The centre tells of attestations only under notes that the project's policy names at that moment, and says which those are. So what is known of a note
 * is good only while every answer covers it: of a note that answers begin or cease to cover, everything is forgotten, as if the note had changed. A note
 * whose evidence was asked for counts as covered until an answer says otherwise.
 */
export function openCentreSource(client: CentreClient, place: CentrePlace): WorldSource {
  const { project } = place
  const path = pathOf(place)
  const load = async (): Promise<{ readonly position: number; readonly world: ProjectWorld | undefined }> => {
    const { position, world } = readMessage(GetWorldResponseSchema, await client.call(`${path}/world`))
    return { position: Number(position), world: world && readWorld(world, project) }
  }
  let covered = new Set<string>()
  return {
    loadWorld: async () => {
      const { position, world } = await load()
      covered = new Set(notesOf(world))
      return { position, projects: world === undefined ? [] : [world] }
    },
    // Of other projects nothing is told here.
    loadProject: async (asked) => (asked === project ? await load() : { position: 0, world: undefined }),
    changesAfter: async (after) => {
      const answer = readMessage(ListChangesResponseSchema, await client.call(`${path}/changes?after=${after}`))
      const position = Number(answer.position)
      const told = answer.changes.map((change) => readChange(change, project))
      const switched = [...new Set(answer.notes).symmetricDifference(covered)]
      covered = new Set(answer.notes)
      const own = { position, project }
      return [
        ...told,
        ...switched.map((name): ChangeNotice => ({ ...own, kind: 'NOTE', name })),
        // What the policy names was judged at the feed's end: where that lies behind these changes, the world is read from there.
        ...(answer.head > answer.position ? [{ ...own, kind: 'POLICY', name: `projects/${project}/policy` } as const] : []),
        // What concerned somebody else: the follower reaches the feed's end all the same.
        ...(position > after ? [{ ...own, kind: 'OCCURRENCE', name: '' } as const] : []),
      ]
    },
    findAttestations: async (note, noteUid, digest) => {
      const answer = readMessage(FindAttestationsResponseSchema, await client.call(`${path}:findAttestations`, { note, noteUid, digest }))
      covered.add(note)
      return { position: Number(answer.position), attestations: answer.attestations.map(readAttestation) }
    },
  }
}

function notesOf(world: ProjectWorld | undefined): readonly string[] {
  const named = Object.values(world?.attestors ?? {})
  return named.flatMap((attestor) => (attestor.state === 'PRESENT' ? [attestor.attestor.note] : []))
}
