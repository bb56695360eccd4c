import assert from 'node:assert/strict'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { parseBreakGlassRequest } from '@countersign/core/break-glass/request.ts'
import { parseBreakGlassSettings } from '@countersign/core/break-glass/settings.ts'
import type { StoredBreakGlass, StoredGrant } from '../break-glass/ports.ts'
import { getValue } from '../changes/invalid.ts'
import { type ContractStore, project, readAll } from './contract-store.ts'

const P1 = project('p1').id
const TIME = '2026-01-31T12:00:00.000000Z'
const ASKED = { cluster: 'eu.prod', namespace: 'shop', pattern: 'registry.example/shop/*', justification: 'ö\u2028"' }

function settings(mode: string): StoredBreakGlass {
  const parsed = getValue(parseBreakGlassSettings({ mode, clusters: { 'eu.prod': 'anyone' } }))
  return { project: P1, settings: parsed, etag: `"${mode}"`, updateTime: TIME, publicKey: 'cHVi', privateKey: 'cHJp' }
}

function grant(id: string, over: Partial<StoredGrant> = {}): StoredGrant {
  return { project: P1, id, ...getValue(parseBreakGlassRequest(ASKED, 60_000)), requester: 'token:a', requestTime: TIME, ...over }
}

/** What every store promises of break-glass: the newest settings, and each grant as it was last put. */
export function breakGlassContract(name: string, open: () => Promise<ContractStore>): void {
  suite(`${name}: break-glass`, () => {
    let store: ContractStore
    beforeEach(async () => {
      store = await open()
      await store.changes.commit((tables) => tables.insertProject(project('p1')))
    })
    afterEach(() => store.close())

    test('a project of which nobody said anything has no settings, and the newest hold', async () => {
      assert.equal(await store.changes.read((tables) => tables.findBreakGlass(P1)), undefined)
      for (const mode of ['anyone', 'token']) await store.changes.commit((tables) => tables.putBreakGlass(settings(mode)))
      assert.deepEqual(await store.changes.read((tables) => tables.findBreakGlass(P1)), settings('token'))
    })

    test('a grant is what it was last put as, and pages go by id', async () => {
      const approval = { by: 'token:b', time: TIME, notBefore: 1, expiresAt: 60_001 }
      const last = grant('00000000b0', { workload: 'apps/v1/Deployment/web', approval, revocation: { by: 'token:c', time: TIME } })
      await store.changes.commit(async (tables) => {
        for (const put of [grant('00000000b0'), grant('00000000a0'), last]) await tables.putGrant(put)
      })
      assert.deepEqual(await store.changes.read((tables) => tables.findGrant(P1, last.id)), last)
      assert.deepEqual(await store.changes.read((tables) => readAll((page) => tables.listGrants(P1, page), 1)), [grant('00000000a0'), last])
      assert.equal(await store.changes.read((tables) => tables.findGrant(P1, '00000000c0')), undefined)
    })

    test('grants of one cluster are revoked together, and none a second time', async () => {
      const [earlier, now] = [
        { by: 'token:c', time: TIME },
        { by: 'token:d', time: TIME },
      ]
      const approval = { by: 'token:b', time: TIME, notBefore: 1, expiresAt: 60_001 }
      const other = getValue(parseBreakGlassRequest({ ...ASKED, cluster: 'eu.test' }, 60_000))
      const [asked, approved] = [grant('00000000a0'), grant('00000000b0', { approval })]
      const [revoked, elsewhere] = [grant('00000000c0', { revocation: earlier }), grant('00000000d0', { ...other, approval })]
      await store.changes.commit(async (tables) => {
        for (const put of [asked, approved, revoked, elsewhere]) await tables.putGrant(put)
        await tables.revokeGrantsOf(P1, asked.cluster, now)
      })
      const ended = [asked, approved].map((one) => ({ ...one, revocation: now }))
      assert.deepEqual(await store.changes.read((tables) => readAll((page) => tables.listGrants(P1, page), 2)), [...ended, revoked, elsewhere])
    })

    test('what somebody asked for since is counted', async () => {
      const LATER = '2026-01-31T13:00:00.000000Z'
      const asked = [
        grant('00000000a0'),
        grant('00000000b0', { requestTime: LATER }),
        grant('00000000c0', { requestTime: LATER, requester: 'token:"b' }),
      ]
      await store.changes.commit(async (tables) => {
        for (const put of asked) await tables.putGrant(put)
      })
      const counts = await store.changes.read((tables) =>
        Promise.all([tables.countAsked(P1, 'token:a', TIME), tables.countAsked(P1, 'token:a', LATER), tables.countAsked(P1, 'token:"b', TIME)]),
      )
      assert.deepEqual(counts, [2, 1, 1])
    })

    test('both go with their project', async () => {
      await store.changes.commit(async (tables) => {
        await tables.putBreakGlass(settings('token'))
        await tables.putGrant(grant('00000000a0'))
      })
      await store.changes.commit((tables) => tables.deleteProject(P1))
      assert.equal(await store.changes.read((tables) => tables.findBreakGlass(P1)), undefined)
      assert.equal(await store.changes.read((tables) => tables.findGrant(P1, '00000000a0')), undefined)
    })
  })
}
