import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { makeRestHandler } from '@countersign/api/rest/rest-handler.ts'
import { listenToCentre } from '@countersign/adapters/centre/change-listener.ts'
import { makeCentreClient } from '@countersign/adapters/centre/client.ts'
import { openCentreSource } from '@countersign/adapters/centre/world-source.ts'
import { issueServerCertificate, makeAuthority } from '@countersign/adapters/certificates/authority.ts'
import { openStore } from '@countersign/adapters/store/store.ts'
import { makeStoreHand } from '@countersign/adapters/store/testing/store-hand.ts'
import { openWorldSource } from '@countersign/adapters/store/world-source.ts'
import { getValue } from '@countersign/service/changes/invalid.ts'
import { attestor, exemption, note, policy, project, recordChange } from '@countersign/service/testing/contract-store.ts'
import { parseClusterKey } from '@countersign/core/name/resource-name.ts'
import { StatusError } from '@countersign/core/status.ts'
import { worldSourceContract } from '@countersign/gate/testing/world-source-contract.ts'
import { makePageTokens } from '@countersign/service/changes/page-token.ts'
import { serveGates } from '../api/gates.ts'
import { openApiPort } from '../doors/api-port.ts'
import { authenticateByToken } from '../doors/authentication.ts'
import { makeGrpcDoor } from '../doors/grpc-door.ts'
import { makeHttpDoor } from '../doors/http-door.ts'
import { openCentre } from './centre.ts'
import { makeFlows } from './flows.ts'
import { systemSurroundings } from './surroundings.ts'

const ADMIN = { principal: 'token:admin', role: 'admin', notes: [] } as const
const SILENT = { info: () => undefined, alarm: () => undefined, error: () => undefined }
const PLACE = { project: project('p1').id, cluster: getValue(parseClusterKey('eu.prod')) }

/** The centre's own doors over a real store, behind TLS, and a gate's client of it. */
async function open(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'cs-centre-'))
  const path = join(folder, 'store.db')
  const surroundings = systemSurroundings()
  const woken = { wake: (): void => undefined }
  const store = await openStore({ path, surroundings, onCommit: async () => woken.wake() })
  const hand = await makeStoreHand(store)
  const flows = makeFlows({ store, surroundings, pageTokens: makePageTokens(new Uint8Array(32)), logHead: () => undefined })
  const authenticate = authenticateByToken(flows.tokens)
  const centre = openCentre({ storeFile: path, flows, authenticate, feedPosition: () => store.feed.head(), log: SILENT })
  woken.wake = centre.streams.wake
  const services = [serveGates(centre.parts)]
  const onAnswer = (): void => undefined
  const rest = makeRestHandler(services)
  const http = makeHttpDoor({ rest, authenticate, streams: centre.streams, welcome: () => undefined, isReady: () => true, onAnswer })
  const authority = await makeAuthority(Date.now())
  const tls = await issueServerCertificate(authority, { hosts: ['127.0.0.1'], now: Date.now() })
  const grpc = makeGrpcDoor({ services, authenticate, onAnswer })
  const port = await openApiPort({ address: { host: '127.0.0.1', port: 0, loopback: true }, http, grpc, tls })
  const { token, text } = await flows.tokens.createToken(ADMIN, { displayName: 'gates', role: 'gate', ...PLACE })
  const client = makeCentreClient({ url: port.url, token: () => text, ca: () => authority.cert })
  t.after(async () => {
    client.close()
    centre.streams.close()
    await port.close(0)
    await centre.close()
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return { store, hand, client, flows, token, path, url: port.url, text, ca: authority.cert }
}

worldSourceContract('a centre over HTTPS', async (t) => {
  const { hand, client } = await open(t)
  return hand.over(openCentreSource(client, PLACE))
})

test('a gate sees its project’s world whole, and of clusters its own alone', async (t) => {
  const { store, client, path } = await open(t)
  const pgp = attestor('projects/p1/attestors/pgp', {
    description: 'by hand',
    publicKeys: [{ type: 'PGP', id: 'A'.repeat(40), comment: 'ann', asciiArmored: 'ARMOR' }],
  })
  await store.changes.commit(async (tables) => {
    await tables.insertNote(note('projects/p1/notes/n'))
    await tables.putAttestor(pgp)
    await tables.insertExemption(exemption('p1', 'x'))
    const rule = (...names: readonly string[]) => ({
      evaluationMode: 'REQUIRE_ATTESTATION' as const,
      requireAttestationsBy: names as (typeof pgp.attestor.name)[],
      enforcementMode: 'DRYRUN_AUDIT_LOG_ONLY' as const,
    })
    await tables.putPolicy(
      policy('p1', '"9"', {
        description: 'of the test',
        globalPolicyEvaluationMode: 'ENABLE',
        admissionWhitelistPatterns: [{ namePattern: 'gcr.io/a/**' }],
        clusterAdmissionRules: { 'eu.prod': rule(pgp.attestor.name, 'projects/p2/attestors/a'), 'eu.other': rule('projects/p2/attestors/absent') },
        defaultAdmissionRule: { ...rule(), evaluationMode: 'ALWAYS_ALLOW' },
      }),
    )
    await recordChange(tables, 'p1')
  })
  const whole = openWorldSource({ path, onDamage: (_project, damage) => assert.fail(damage) })
  t.after(() => whole.close())
  const { world, position } = await whole.loadProject(PLACE.project)
  assert.ok(world !== undefined)
  const expected = { ...world, clusters: world.clusters.filter(({ key }) => key === PLACE.cluster) }
  assert.deepEqual([expected.clusters.length, world.clusters.length], [1, 2])
  assert.deepEqual(await openCentreSource(client, PLACE).loadWorld(), { position, projects: [expected] })
})

test('of other projects a gate hears nothing but that one was deleted, and not which', async (t) => {
  const { store, client, hand } = await open(t)
  const source = openCentreSource(client, PLACE)
  const { position } = await source.loadWorld()
  await store.changes.commit(async (tables) => {
    await tables.insertProject(project('p3'))
    await recordChange(tables, 'p3')
  })
  const deletion = { project: project('p3').id, kind: 'PROJECT', name: 'projects/p3', operation: 'DELETE' } as const
  const gone = await store.changes.commit((tables) =>
    tables.recordChange(deletion, {
      project: deletion.project,
      methodName: 'm',
      resourceName: 'r',
      principal: 'p',
      permissions: [],
      time: '2026-01-31T12:00:00Z',
    }),
  )
  const { project: own } = hand
  assert.deepEqual(await source.changesAfter(position), [
    { position: gone, project: own, kind: 'PROJECT', name: 'projects/p1' },
    { position: gone, project: own, kind: 'OCCURRENCE', name: '' },
  ])
  const asked = source.findAttestations(note('projects/p3/notes/n').name, 'uid-projects/p2/notes/n', hand.digest)
  await assert.rejects(asked, (error) => error instanceof StatusError && error.code === 'FAILED_PRECONDITION')
})

test('a position that the feed does not reach is OUT_OF_RANGE', async (t) => {
  const { client } = await open(t)
  const asked = openCentreSource(client, PLACE).changesAfter(1_000_000)
  await assert.rejects(asked, (error) => error instanceof StatusError && error.code === 'OUT_OF_RANGE')
})

test('the stream wakes at each change, and ends for a token that was revoked and a server that ends', async (t) => {
  const { client, hand, flows, token } = await open(t)
  const heard: number[] = []
  let tell: () => void = () => undefined
  const listener = listenToCentre({
    client,
    place: PLACE,
    onChange: (position) => {
      heard.push(position)
      tell()
    },
    random: () => 0,
    log: SILENT,
  })
  t.after(() => listener.close())
  const reaches = (position: number): Promise<void> =>
    new Promise((resolve) => {
      tell = () => {
        if ((heard.at(-1) ?? 0) >= position) resolve()
      }
      tell()
    })
  await reaches(1)
  await reaches(await hand.putPolicy('NOBODY'))
  await reaches(await hand.putPolicy('ATTESTOR'))
  await reaches(await hand.attest('one'))
  await flows.tokens.revokeToken(ADMIN, token.id)
  await assert.rejects(
    client.openEvents('projects/p1/clusters/eu.prod/changes', undefined),
    (error) => error instanceof StatusError && error.code === 'UNAUTHENTICATED',
  )
})
