import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { ServerOptions } from '../harness/server.ts'
import type { Rpc } from './clients.ts'
import { type PeerServer, startPeerServer } from './peer-server.ts'
import type { Generation } from './shapes.ts'

type Listing = (request: object, options: object) => Promise<readonly [readonly { readonly name: string }[], ...unknown[]]>
type Walk = (request: object) => AsyncIterable<{ readonly name: string }>

/** What every generated client of Grafeas can do, whatever its version and its transport. */
export interface GrafeasMethods {
  readonly createNote: Rpc
  readonly getNote: Rpc
  readonly updateNote: Rpc
  readonly deleteNote: Rpc
  readonly listNotesAsync: Walk
  readonly createOccurrence: Rpc
  readonly batchCreateOccurrences: Rpc
  readonly getOccurrence: Rpc
  readonly getOccurrenceNote: Rpc
  readonly updateOccurrence: Rpc
  readonly deleteOccurrence: Rpc
  readonly listOccurrences: Listing
  readonly listOccurrencesAsync: Walk
  readonly listNoteOccurrencesAsync: Walk
}

/** Refusals as numbers: those of gRPC, or of HTTP where a client passes these on. */
export type Codes = Readonly<Record<'NOT_FOUND' | 'ALREADY_EXISTS' | 'PERMISSION_DENIED' | 'UNAUTHENTICATED', number>>

/** The client under test. */
export interface Peer {
  readonly title: string
  readonly skip: string | false
  readonly server?: ServerOptions
  readonly generation: Generation
  readonly codes: Codes
  /** Opens the client as who holds the token, or as nobody. */
  readonly open: (server: PeerServer, token?: string) => Promise<GrafeasMethods>
}

interface World {
  readonly peer: Peer
  readonly server: PeerServer
  readonly client: GrafeasMethods
}

/** The life of notes and attestations, as each generated client must be able to lead it. */
export function testGrafeas(peer: Peer): void {
  const { title, skip } = peer
  let world: World
  before(async () => {
    if (skip !== false) return
    const server = await startPeerServer(peer.server)
    world = { peer, server, client: await peer.open(server, server.admin) }
  })
  void test(`${title}: notes are made, read, listed, changed and deleted`, { skip }, () => leadNotes(world))
  void test(`${title}: attestations are made, read, listed by pages, changed and deleted`, { skip }, () => leadAttestations(world))
  void test(`${title}: a reader may not write, and nobody may call without a token`, { skip }, () => refuseOthers(world))
}

async function leadNotes({ server, client, peer: { generation, codes } }: World): Promise<void> {
  const parent = await server.makeProject()
  const name = `${parent}/notes/b`
  for (const noteId of ['a', 'b', 'c']) {
    const [made] = await client.createNote({ parent, noteId, note: generation.note('QA') })
    assert.partialDeepStrictEqual(made, { name: `${parent}/notes/${noteId}`, kind: 'ATTESTATION', ...generation.note('QA') })
  }
  await assert.rejects(client.createNote({ parent, noteId: 'b', note: generation.note('QA') }), { code: codes.ALREADY_EXISTS })
  const change = { shortDescription: 'short', longDescription: 'not in the mask' }
  const [changed] = await client.updateNote({ name, note: change, updateMask: { paths: ['short_description'] } })
  assert.partialDeepStrictEqual(changed, { name, shortDescription: 'short', longDescription: '', ...generation.note('QA') })
  assert.deepEqual((await client.getNote({ name }))[0], changed)
  assert.deepEqual(await namesOf(client.listNotesAsync({ parent, pageSize: 1 })), [`${parent}/notes/a`, name, `${parent}/notes/c`])
  await client.deleteNote({ name })
  await assert.rejects(client.getNote({ name }), { code: codes.NOT_FOUND })
  assert.deepEqual(await namesOf(client.listNotesAsync({ parent })), [`${parent}/notes/a`, `${parent}/notes/c`])
}

async function leadAttestations({ server, client, peer: { generation, codes } }: World): Promise<void> {
  const parent = await server.makeProject()
  const noteName = `${parent}/notes/qa`
  const [qa] = await client.createNote({ parent, noteId: 'qa', note: generation.note('QA') })
  const attestation = (payload: string) => generation.occurrence(noteName, Buffer.from(payload))

  const [first] = (await client.createOccurrence({ parent, occurrence: attestation('1') })) as readonly [{ readonly name: string }]
  assert.partialDeepStrictEqual(first, { noteName, kind: 'ATTESTATION', ...attestation('1') })
  const { name } = first
  assert.deepEqual((await client.getOccurrence({ name }))[0], first)
  assert.deepEqual((await client.getOccurrenceNote({ name }))[0], qa)

  const [batch] = await client.batchCreateOccurrences({ parent, occurrences: ['2', '3'].map(attestation) })
  assert.partialDeepStrictEqual(batch, { occurrences: ['2', '3'].map(attestation) })
  const names = [name, ...(batch as { readonly occurrences: readonly { readonly name: string }[] }).occurrences.map((made) => made.name)].sort()
  const [page, next] = await client.listOccurrences({ parent, pageSize: 2 }, { autoPaginate: false })
  const [rest] = await client.listOccurrences(next as object, { autoPaginate: false })
  assert.deepEqual([page.length, rest.length], [2, 1])
  assert.deepEqual([...page, ...rest].map((listed) => listed.name).sort(), names)
  assert.deepEqual((await namesOf(client.listOccurrencesAsync({ parent, pageSize: 1 }))).sort(), names)
  assert.deepEqual((await namesOf(client.listNoteOccurrencesAsync({ name: noteName, pageSize: 1 }))).sort(), names)

  const [changed] = await client.updateOccurrence({ name, occurrence: { remediation: 'none' }, updateMask: { paths: ['remediation'] } })
  assert.partialDeepStrictEqual(changed, { name, remediation: 'none', ...attestation('1') })
  await client.deleteOccurrence({ name })
  await assert.rejects(client.getOccurrence({ name }), { code: codes.NOT_FOUND })
}

async function refuseOthers({ server, client, peer: { generation, codes, open } }: World): Promise<void> {
  const parent = await server.makeProject()
  const name = `${parent}/notes/qa`
  await client.createNote({ parent, noteId: 'qa', note: generation.note('QA') })
  const reader = await open(server, server.viewer)
  assert.partialDeepStrictEqual((await reader.getNote({ name }))[0], { name })
  await assert.rejects(reader.deleteNote({ name }), { code: codes.PERMISSION_DENIED })
  const forged = { parent, occurrence: generation.occurrence(name, Buffer.from('1')) }
  await assert.rejects(reader.createOccurrence(forged), { code: codes.PERMISSION_DENIED })
  for (const token of [undefined, 'cs_wrong']) {
    const nobody = await open(server, token)
    await assert.rejects(nobody.getNote({ name }), { code: codes.UNAUTHENTICATED })
  }
}

async function namesOf(listed: ReturnType<Walk>): Promise<string[]> {
  return (await Array.fromAsync(listed)).map(({ name }) => name)
}
