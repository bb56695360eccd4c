import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseProjectId } from '@countersign/core/name/resource-name.ts'
import { appendToChain, EMPTY_CHAIN, verifyChain } from '@countersign/evidence/record/chain.ts'
import { getValue } from '../changes/invalid.ts'
import type { Page } from '../changes/page.ts'
import { ADMIN, callerOf } from '../testing/callers.ts'
import { makeDecisionRows } from '../testing/decision-rows.ts'
import { DENY_ALL, makePolicyWorld } from '../testing/policy-world.ts'
import { refusalOf } from '../testing/thrown.ts'
import { makeAudit } from './audit.ts'
import type { AuditRow, AuditTables } from './ports.ts'

async function arrange() {
  const world = await makePolicyWorld(['p1', 'p12'])
  await world.policies.updatePolicy(ADMIN, 'projects/p1/policy', DENY_ALL)
  const rows = makeDecisionRows('gate:a', ['p1', 'p12', 'p1', 'p1'])
  await world.store.decisions.acceptDecisions('gate:a', rows)
  return { ...world, rows, audit: makeAudit({ changes: world.store.changes, pageTokens: world.pageTokens }) }
}

test('listLogEntries() gives decisions and changes of the project, newest first, page by page', async () => {
  const { audit } = await arrange()
  const seen: (readonly [string, string])[] = []
  let pageToken = ''
  do {
    const page = await audit.listLogEntries(callerOf('viewer', 'p1'), { parent: 'projects/p1', pageSize: 2, pageToken })
    seen.push(...page.entries.map((entry) => [entry.timestamp, entry.protoPayload.methodName] as const))
    pageToken = page.nextPageToken
  } while (pageToken !== '')
  assert.deepEqual(
    seen.map(([, method]) => method),
    [
      'io.k8s.core.v1.pods.create',
      'io.k8s.core.v1.pods.create',
      'io.k8s.core.v1.pods.create',
      'google.cloud.binaryauthorization.v1.BinauthzManagementServiceV1.UpdatePolicy',
      'grafeas.v1.Grafeas.CreateNote',
      'countersign.v1.Projects.CreateProject',
    ],
  )
  const times = seen.map(([time]) => time)
  assert.deepEqual(times, [...times].sort().reverse())
  const oldest = await audit.listLogEntries(ADMIN, { parent: 'projects/p1', orderBy: 'timestamp asc' })
  assert.deepEqual(
    oldest.entries.map((entry) => entry.timestamp),
    [...times].reverse(),
  )
})

test('a filter by time reads nothing else from the store', async () => {
  const { store, pageTokens, rows } = await arrange()
  let read = 0
  const counting = (tables: AuditTables): AuditTables => ({
    ...tables,
    listAudit: async (query, page) => {
      const part = await tables.listAudit(query, page)
      read += part.items.length
      return part
    },
  })
  const audit = makeAudit({ changes: { read: (work) => store.changes.read((tables) => work(counting(tables))) }, pageTokens })
  const time = JSON.parse(rows[0]?.canonical ?? '').timestamp
  const { entries } = await audit.listLogEntries(ADMIN, { parent: 'projects/p1', filter: `timestamp="${time}"` })
  assert.ok(entries.length > 0)
  assert.equal(read, entries.length)
})

test('§6.7: a change is an admin-activity entry with service, method, caller and permissions', async () => {
  const { audit } = await arrange()
  const filter = 'protoPayload.serviceName="binaryauthorization.googleapis.com"'
  const { entries } = await audit.listLogEntries(ADMIN, { parent: 'projects/p1', filter })
  const [entry] = entries
  assert.equal(entries.length, 1)
  assert.equal(entry?.logName, 'projects/p1/logs/cloudaudit.googleapis.com%2Factivity')
  assert.deepEqual(entry?.protoPayload.authenticationInfo, { principalEmail: 'token:admin' })
  assert.deepEqual(entry?.protoPayload.authorizationInfo, [
    { permission: 'binaryauthorization.policy.update', resource: 'projects/p1/policy', granted: true },
  ])
})

test('the log of a deleted project stays readable, and another project’s is not shown', async () => {
  const { audit, projects } = await arrange()
  await projects.deleteProject(ADMIN, 'p1')
  assert.equal((await audit.listLogEntries(ADMIN, { parent: 'projects/p1' })).entries.length, 7)
  assert.equal((await refusalOf(audit.listLogEntries(callerOf('admin', 'p12'), { parent: 'projects/p1' }))).code, 'PERMISSION_DENIED')
  assert.equal((await refusalOf(audit.listLogEntries(ADMIN, { parent: 'projects/p1', orderBy: 'severity' }))).code, 'INVALID_ARGUMENT')
})

test('every writer’s chain verifies as it is listed, and only callers of all projects see it', async () => {
  const { audit } = await arrange()
  const writers = await audit.listWriters(ADMIN)
  assert.deepEqual(writers.map(({ writer }) => writer).sort(), ['gate:a', 'server:memory'])
  for (const { writer, sequence, hash } of writers) {
    const { records } = await audit.listChainRecords(ADMIN, writer, { pageSize: 1000 })
    assert.deepEqual(await verifyChain(writer, records), { outcome: 'INTACT', head: { sequence, hash } })
  }
  assert.equal((await refusalOf(audit.listWriters(callerOf('admin', 'p1')))).code, 'PERMISSION_DENIED')
  assert.equal((await refusalOf(audit.listChainRecords(callerOf('admin', 'p1'), 'gate:a', {}))).code, 'PERMISSION_DENIED')
})

test('a record that somebody filed elsewhere than its text says is DATA_LOSS in the chain and in the log', async () => {
  const { store, pageTokens } = await arrange()
  const [p12, late] = [getValue(parseProjectId('p12')), '2027-01-31T12:00:00.000000Z']
  const misfiled = [
    ['gate:a', { project: p12 }],
    ['gate:a', { time: late }],
    ['gate:a', { receiptDigest: 'another' }],
    ['server:memory', { project: p12 }],
    ['server:memory', { time: late }],
    ['server:memory', { receiptDigest: 'another' }],
  ] as const
  for (const [writer, change] of misfiled) {
    const spoil = (page: Page<AuditRow>) => ({ ...page, items: page.items.map((row) => (row.writer === writer ? { ...row, ...change } : row)) })
    const spoilt = (tables: AuditTables): AuditTables => ({
      ...tables,
      listAudit: async (query, page) => spoil(await tables.listAudit(query, page)),
      listChain: async (name, page) => spoil(await tables.listChain(name, page)),
    })
    const audit = makeAudit({ changes: { read: (work) => store.changes.read((tables) => work(spoilt(tables))) }, pageTokens })
    const told = `Record 1 of writer "${writer}" is filed elsewhere than its text says: somebody altered the store`
    const { code, message } = await refusalOf(audit.listChainRecords(ADMIN, writer, {}))
    assert.deepEqual([code, message], ['DATA_LOSS', told])
    assert.equal((await refusalOf(audit.listLogEntries(ADMIN, { parent: 'projects/p1' }))).code, 'DATA_LOSS')
  }
})

test('a record that is no decision and no change is DATA_LOSS, never left out', async () => {
  const { audit, store } = await arrange()
  const filed = { receiptDigest: 'd', timestamp: '2026-02-01T00:00:00.000000Z' }
  const request = { project: 'p12' }
  const strange = { ...filed, receipt: { request } }
  const bad = { ...filed, receipt: { version: 1, request, decision: {} }, insertId: 'i', verifiedBy: 'URL_SEGMENT' }
  for (const [index, record] of [strange, bad].entries()) {
    const writer = `gate:bad-${index}`
    const link = appendToChain(writer, EMPTY_CHAIN, JSON.stringify(record))
    await store.decisions.acceptDecisions(writer, [{ ...link, writer }])
    assert.equal((await refusalOf(audit.listLogEntries(ADMIN, { parent: 'projects/p12' }))).code, 'DATA_LOSS')
  }
})
