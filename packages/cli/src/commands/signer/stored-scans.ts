import { fromJson, type JsonValue } from '@bufbuild/protobuf'
import { discoveryOf, findingOf } from '@countersign/api/convert/vulnerability.ts'
import { type Note, NoteSchema, type Occurrence, OccurrenceSchema } from '@countersign/api/gen/grafeas/v1/grafeas_pb.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Discovery } from '@countersign/core/vulnerability/discovery.ts'
import type { News, Scans } from '@countersign/service/signing/ports.ts'
import { type Api, isTree, pathOf, type Query, textIn, type Tree } from '../../connection/api.ts'
import type { SignerOrder } from './read-order.ts'

/** The two questions that a signer asks of a store, as filters. */
interface Filters {
  readonly discoveries: string
  readonly findings: string
}

/** The scans of an image as the server tells them. */
export function makeScans(api: Api, { image, check }: SignerOrder): Scans {
  const filters = image.digest === undefined || check?.policy.semantics === 'KRITIS' ? asKritis(image.resourceUri) : byDigest(image.digest)
  const path = pathOf('/v1', `projects/${check?.project ?? ''}/occurrences`)
  const list = async (filter: string): Promise<readonly Occurrence[]> =>
    (await api.list(path, 'occurrences', { query: { filter } })).map((tree) => read(OccurrenceSchema, tree))
  const asksWho = check?.policy.semantics === 'STRICT' && check.policy.trustedScanners.some(({ identity }) => identity !== undefined)
  const { digest } = image
  const needsNotes = check?.policy.semantics === 'STRICT' && Object.keys(check.policy.fixDeadlines).length > 0
  return {
    listDiscoveries: async () =>
      asksWho
        ? await listWritten(api, check.project, filters.discoveries)
        : (await list(filters.discoveries)).flatMap((occurrence) => discoveryOf(occurrence) ?? []),
    listFindings: async () => {
      const occurrences = await list(filters.findings)
      const notes = needsNotes ? await readNotes(api, occurrences) : new Map<string, Note>()
      return occurrences.flatMap((occurrence) => findingOf(occurrence, notes.get(occurrence.noteName)) ?? [])
    },
    ...(digest === undefined ? {} : { follow: () => follow(api, check?.project ?? '', digest) }),
  }
}

/** Our own API answers when there is news; any other says that it has no such path. */
async function follow(api: Api, project: string, digest: string): Promise<News> {
  const path = pathOf('/countersign/v1', `projects/${project}/evidence`, ':await')
  const ask = async (query: Query): Promise<string> => textIn(await api.call('GET', path, { query: { digest, ...query } }), 'position')
  let after = await ask({})
  return { next: async (ms) => void (after = await ask({ after, wait: `${ms / 1000}s` })) }
}

/**
 * Discoveries, and who wrote what they say. Only our own API tells, in one answer with the occurrence: asked apart, the words of one writer could be
 * taken for another's. A policy that names no identity never asks, and so is checked against any Container Analysis.
 */
async function listWritten(api: Api, project: string, filter: string): Promise<readonly Discovery[]> {
  const rows = await api.list(pathOf('/countersign/v1', `projects/${project}/evidence`), 'evidence', { query: { filter } })
  return rows.flatMap((row) => {
    const writer = textIn(row, 'writer')
    return discoveryOf(read(OccurrenceSchema, isTree(row['occurrence']) ? row['occurrence'] : {}), writer === '' ? undefined : writer) ?? []
  })
}

/** Whatever repository and tag were written: the digest is the image. */
function byDigest(digest: string): Filters {
  const ofImage = `has_suffix(resourceUrl, "@${digest}")`
  return { discoveries: `kind="DISCOVERY" AND ${ofImage}`, findings: `kind="VULNERABILITY" AND ${ofImage}` }
}

/** The image verbatim, and only Google's scanner (§1.4, §1.5). */
function asKritis(resourceUri: string): Filters {
  const ofImage = `resourceUrl="${resourceUri}"`
  return {
    discoveries: `${ofImage} AND noteProjectId="goog-analysis" AND noteId="PACKAGE_VULNERABILITY"`,
    findings: `${ofImage} AND kind="VULNERABILITY"`,
  }
}

/** The advisories' notes: only they know since when a fix is published, which deadlines need. */
async function readNotes(api: Api, occurrences: readonly Occurrence[]): Promise<ReadonlyMap<string, Note>> {
  const notes = new Map<string, Note>()
  for (const name of new Set(occurrences.map(({ noteName }) => noteName))) {
    const tree = await findTree(api, pathOf('/v1', name))
    if (tree !== undefined) notes.set(name, read(NoteSchema, tree))
  }
  return notes
}

/** The answer; undefined where there is no such thing. */
async function findTree(api: Api, path: string): Promise<Tree | undefined> {
  try {
    return await api.call('GET', path)
  } catch (error) {
    if (error instanceof StatusError && error.code === 'NOT_FOUND') return undefined
    throw error
  }
}

/** What cannot be read must not be passed over: it may be the finding that violates. */
function read<S extends typeof OccurrenceSchema | typeof NoteSchema>(schema: S, tree: Tree): ReturnType<typeof fromJson<S>> {
  try {
    return fromJson(schema, tree as JsonValue, { ignoreUnknownFields: true })
  } catch (error) {
    throw new StatusError('INTERNAL', `The server's answer cannot be read: ${error instanceof Error ? error.message : ''}`, { cause: error })
  }
}
