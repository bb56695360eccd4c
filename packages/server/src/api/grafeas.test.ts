import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { makeRestHandler } from '@countersign/api/rest/rest-handler.ts'
import { makeMetadataLists } from '@countersign/service/metadata/lists.ts'
import { makeSummary } from '@countersign/service/metadata/summary.ts'
import { ADMIN } from '@countersign/service/testing/callers.ts'
import { makeMetadataWorld } from '@countersign/service/testing/metadata-world.ts'
import { serveContainerAnalysis } from './container-analysis.ts'
import { serveGrafeasV1 } from './grafeas-v1.ts'
import { serveGrafeasV1Beta1 } from './grafeas-v1beta1.ts'

const DIGEST = `sha256:${'ab'.repeat(32)}`
const URI = `https://registry.example/p1/app@${DIGEST}`
const VERSION = { name: '1.2.13', kind: 'NORMAL' }

type Json = Readonly<Record<string, unknown>>
interface Answer {
  readonly status: number
  readonly body: Json
}
type Call = (method: string, url: string, body?: Json) => Promise<Answer>

async function arrange(): Promise<Call> {
  const { notes, occurrences, store, pageTokens } = await makeMetadataWorld(['p1', 'goog-analysis', 'goog-vulnz'])
  const { changes } = store
  const summarize = makeSummary({ changes, maxOccurrences: 1000 })
  const metadata = { notes, occurrences, lists: makeMetadataLists({ changes, pageTokens }), summarize }
  const rest = makeRestHandler([serveGrafeasV1(metadata), serveGrafeasV1Beta1(metadata), serveContainerAnalysis(metadata)])
  return async (method, url, body) => {
    const sent = body === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(body))
    const answer = await rest.handle({ method, url, body: sent }, { caller: ADMIN, warnings: [] })
    return { status: answer.status, body: JSON.parse(Buffer.from(answer.body).toString('utf8')) }
  }
}

async function ok(answer: Promise<Answer>): Promise<Json> {
  const { status, body } = await answer
  assert.equal(status, 200, JSON.stringify(body))
  return body
}

/** A kind's note and occurrence in v1, and the members that v1beta1 has for them; none where it does not know the kind. */
interface Kind {
  readonly note: Json
  readonly details?: Json
  readonly beta?: { readonly note: Json; readonly details: Json }
}

const DISCOVERED = { continuousAnalysis: 'ACTIVE', analysisStatus: 'SCANNING' }
const KINDS: Readonly<Record<string, Kind>> = {
  VULNERABILITY: {
    note: { vulnerability: { severity: 'HIGH' } },
    details: {
      vulnerability: {
        effectiveSeverity: 'HIGH',
        packageIssue: [{ affectedCpeUri: 'c', affectedPackage: 'zlib', affectedVersion: VERSION, fixedVersion: { kind: 'MAXIMUM' } }],
      },
    },
    beta: {
      note: { vulnerability: { severity: 'HIGH' } },
      details: {
        vulnerability: {
          effectiveSeverity: 'HIGH',
          packageIssue: [{ affectedLocation: { cpeUri: 'c', package: 'zlib', version: VERSION }, fixedLocation: { version: { kind: 'MAXIMUM' } } }],
        },
      },
    },
  },
  DISCOVERY: {
    note: { discovery: { analysisKind: 'VULNERABILITY' } },
    details: { discovery: DISCOVERED },
    beta: { note: { discovery: { analysisKind: 'VULNERABILITY' } }, details: { discovered: { discovered: DISCOVERED } } },
  },
  PACKAGE: {
    note: { package: { name: 'zlib' } },
    details: { package: { location: [{ cpeUri: 'c', version: VERSION }] } },
    beta: { note: { package: { name: 'zlib' } }, details: { installation: { installation: { location: [{ cpeUri: 'c', version: VERSION }] } } } },
  },
  BUILD: {
    note: { build: { builderVersion: '1' } },
    details: { build: { provenance: { id: 'b' } } },
    beta: { note: { build: { builderVersion: '1' } }, details: { build: { provenance: { id: 'b' } } } },
  },
  SBOM_REFERENCE: {
    note: { sbomReference: { format: 'spdx', version: '2.3' } },
    details: { sbomReference: { payload: { _type: 't', predicate: { location: 'gs://b/o' } }, payloadType: 'p' } },
  },
  VULNERABILITY_ASSESSMENT: { note: { vulnerabilityAssessment: { title: 't', assessment: { vulnerabilityId: 'CVE-1', state: 'NOT_AFFECTED' } } } },
}

function pick(body: Json, like: Json): Json {
  return Object.fromEntries(Object.keys(like).map((member) => [member, body[member]]))
}

for (const [kind, { note, details, beta }] of Object.entries(KINDS)) {
  describe(`${kind} over REST`, () => {
    test('is written and read in v1', async () => {
      const call = await arrange()
      const created = await ok(call('POST', '/v1/projects/p1/notes?noteId=n', note))
      assert.deepEqual([created['name'], created['kind'], pick(created, note)], ['projects/p1/notes/n', kind, note])
      assert.deepEqual(await ok(call('GET', '/v1/projects/p1/notes/n')), created)
      if (details === undefined) return
      const occurrence = { noteName: 'projects/p1/notes/n', resourceUri: URI, ...details }
      const attached = await ok(call('POST', '/v1/projects/p1/occurrences', occurrence))
      assert.deepEqual([attached['kind'], pick(attached, occurrence)], [kind, occurrence])
      assert.deepEqual(await ok(call('GET', `/v1/${String(attached['name'])}`)), attached)
      const filter = encodeURIComponent(`resourceUrl="${URI}" AND kind="${kind}"`)
      assert.deepEqual((await ok(call('GET', `/v1/projects/p1/occurrences?filter=${filter}`)))['occurrences'], [attached])
      assert.deepEqual((await ok(call('GET', '/v1/projects/p1/notes/n/occurrences')))['occurrences'], [attached])
    })

    if (beta === undefined) {
      test('is an envelope in v1beta1, and cannot be written there', async () => {
        const call = await arrange()
        await ok(call('POST', '/v1/projects/p1/notes?noteId=n', note))
        const { createTime, updateTime, ...rest } = await ok(call('GET', '/v1beta1/projects/p1/notes/n'))
        assert.deepEqual([typeof createTime, typeof updateTime, rest], ['string', 'string', { name: 'projects/p1/notes/n' }])
        assert.equal((await call('POST', '/v1beta1/projects/p1/notes?noteId=m', note)).status, 400)
      })
      return
    }

    test('is written in v1beta1, and the same in v1', async () => {
      const call = await arrange()
      const created = await ok(call('POST', '/v1beta1/projects/p1/notes?noteId=n', beta.note))
      assert.deepEqual([created['kind'], pick(created, beta.note)], [kind, beta.note])
      assert.deepEqual(pick(await ok(call('GET', '/v1/projects/p1/notes/n')), note), note)
      const occurrence = { noteName: 'projects/p1/notes/n', resource: { uri: URI }, ...beta.details }
      const attached = await ok(call('POST', '/v1beta1/projects/p1/occurrences', occurrence))
      assert.deepEqual([attached['kind'], pick(attached, occurrence)], [kind, occurrence])
      const v1 = { resourceUri: URI, ...details }
      assert.deepEqual(pick(await ok(call('GET', `/v1/${String(attached['name'])}`)), v1), v1)
    })
  })
}

test('§1.4, §1.5: what kritis asks in v1beta1 finds the scan and its findings', async () => {
  const call = await arrange()
  const write = async (project: string, id: string, kind: Kind | undefined): Promise<Json> => {
    await ok(call('POST', `/v1/projects/${project}/notes?noteId=${id}`, kind?.note))
    const occurrence = { noteName: `projects/${project}/notes/${id}`, resourceUri: URI, ...kind?.details }
    return await ok(call('POST', '/v1/projects/p1/occurrences', occurrence))
  }
  const scan = await write('goog-analysis', 'PACKAGE_VULNERABILITY', KINDS['DISCOVERY'])
  const finding = await write('goog-vulnz', 'CVE-2021-44228', KINDS['VULNERABILITY'])
  const find = async (filter: string): Promise<unknown> => {
    const listed = await ok(call('GET', `/v1beta1/projects/p1/occurrences?filter=${encodeURIComponent(filter)}`))
    const { occurrences } = listed as { readonly occurrences: readonly Json[] }
    return occurrences.map(({ name }) => name)
  }
  assert.deepEqual(await find(`resourceUrl="${URI}" AND noteProjectId="goog-analysis" AND noteId="PACKAGE_VULNERABILITY"`), [scan['name']])
  assert.deepEqual(await find(`resourceUrl="${URI}" AND kind="PACKAGE_VULNERABILITY"`), [finding['name']])
  assert.deepEqual(await ok(call('GET', '/v1beta1/projects/p1/notes/absent/occurrences')), {})
})

test('§5.1: a scanner tells its progress by mask in either version', async () => {
  const call = await arrange()
  await ok(call('POST', '/v1/projects/p1/notes?noteId=n', KINDS['DISCOVERY']?.note))
  const occurrence = { noteName: 'projects/p1/notes/n', resourceUri: URI, discovery: { ...DISCOVERED, cpe: 'c' } }
  const { name } = await ok(call('POST', '/v1/projects/p1/occurrences', occurrence))
  const beta = { discovered: { discovered: { analysisStatus: 'FINISHED_FAILED', lastAnalysisTime: '2026-01-02T00:00:00Z' } } }
  const mask = 'discovered.discovered.analysisStatus,discovered.discovered.lastAnalysisTime'
  await ok(call('PATCH', `/v1beta1/${String(name)}?updateMask=${mask}`, beta))
  const failed = { continuousAnalysis: 'ACTIVE', analysisStatus: 'FINISHED_FAILED', cpe: 'c', lastScanTime: '2026-01-02T00:00:00Z' }
  assert.deepEqual((await ok(call('GET', `/v1/${String(name)}`)))['discovery'], failed)
  const done = await ok(
    call('PATCH', `/v1/${String(name)}?updateMask=discovery.analysisStatus`, { discovery: { analysisStatus: 'FINISHED_SUCCESS' } }),
  )
  assert.deepEqual(done['discovery'], { ...failed, analysisStatus: 'FINISHED_SUCCESS' })
})

test('§4.2: the summary of vulnerabilities names the resource as each version does, and its counts are texts', async () => {
  const call = await arrange()
  await ok(call('POST', '/v1/projects/p1/notes?noteId=n', KINDS['VULNERABILITY']?.note))
  await ok(call('POST', '/v1/projects/p1/occurrences', { noteName: 'projects/p1/notes/n', resourceUri: URI, ...KINDS['VULNERABILITY']?.details }))
  const v1 = {
    counts: [
      { resourceUri: URI, totalCount: '1' },
      { resourceUri: URI, severity: 'HIGH', totalCount: '1' },
    ],
  }
  assert.deepEqual(await ok(call('GET', '/v1/projects/p1/occurrences:vulnerabilitySummary')), v1)
  const resource = { uri: URI }
  const beta = {
    counts: [
      { resource, totalCount: '1' },
      { resource, severity: 'HIGH', totalCount: '1' },
    ],
  }
  assert.deepEqual(await ok(call('GET', '/v1beta1/projects/p1/occurrences:vulnerabilitySummary')), beta)
  assert.equal((await call('POST', '/v1/projects/p1/notes/n:getIamPolicy', {})).status, 501)
})
