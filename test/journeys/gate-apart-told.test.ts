import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { TEST_TLS } from '@countersign/gate/testing/certificate.ts'
import type { StartedGate } from '../harness/gate.ts'
import { tempFolder } from '../harness/temp-folder.ts'
import { admit } from './cluster.ts'
import { type Centre, gateOf, makeGateToken, openCentre } from './gate-apart-place.ts'
import { CLUSTER, NGINX } from './story.ts'

const MARK = { 'image-policy.k8s.io/break-glass': 'true' }

async function listen(t: TestContext, serve: RequestListener): Promise<string> {
  const receiver = createServer(TEST_TLS, serve).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  t.after(() => receiver.close())
  return `https://127.0.0.1:${(receiver.address() as AddressInfo).port}/`
}

/** Asks about a Pod as an API server that shows a client certificate; gives the receipt under which the answer is on record. */
async function askAs(client: { readonly cert: string; readonly key: string }, gate: StartedGate, { webhookPath }: Centre): Promise<string> {
  const { webhookUrl, caFile } = await gate.ready
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'known' }, spec: { containers: [{ name: 'a', image: `${NGINX}:1` }] } }
  const kind = { kind: { group: '', version: 'v1', kind: 'Pod' }, resource: { group: '', version: 'v1', resource: 'pods' }, namespace: 'default' }
  const review = { uid: 'u', ...kind, operation: 'CREATE', userInfo: { username: 'deployer@example.com' }, object }
  const sent = request(`${webhookUrl}${webhookPath}?timeout=10s`, { method: 'POST', ca: readFileSync(caFile), agent: false, ...client })
  sent.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: review }))
  const [answer] = await once(sent, 'response')
  return JSON.parse(await text(answer)).response.auditAnnotations.receipt
}

test('a gate apart tells uses of break-glass, knows API servers by their certificates, and trusts a server whose authority came later', async (t) => {
  const told = Promise.withResolvers<{ readonly type: string; readonly data: { readonly name: string; readonly cluster: string } }>()
  const url = await listen(t, (asked, answer) => {
    void text(asked).then((body) => {
      told.resolve(JSON.parse(body))
      answer.writeHead(204).end()
    })
  })
  const centre = await openCentre()
  t.after(() => centre.server.stop())
  const folder = tempFolder()
  const [other, caFile] = [join(folder, 'other.pem'), join(folder, 'ca.pem')]
  for (const file of [other, caFile]) writeFileSync(file, TEST_TLS.cert)
  const hook = ['--break-glass-webhook', url, '--break-glass-webhook-ca', other, '--break-glass-webhook-addresses', 'any']
  const gate = gateOf(centre, 'one', {
    tokenFile: await makeGateToken(centre, CLUSTER),
    args: ['--ca-file', caFile, '--webhook-client-ca', other, ...hook],
  })
  t.after(() => gate.stop())
  await gate.waitFor('the gate to be refused', () => (gate.stderr().includes('not trusted here') ? true : undefined))
  writeFileSync(`${caFile}.new`, readFileSync(centre.server.caFile))
  renameSync(`${caFile}.new`, caFile)
  const { webhookUrl, caFile: shown } = await gate.ready

  const { allowed } = await admit(`${webhookUrl}${centre.webhookPath}`, shown, { name: 'marked', image: `${NGINX}:1`, labels: MARK })
  const { type, data } = await told.promise
  assert.deepEqual([allowed, type, data.name, data.cluster], [true, 'dev.countersign.break-glass.v1', 'marked', CLUSTER])

  const receipt = await askAs(TEST_TLS, gate, centre)
  await gate.stop()
  const entries = JSON.parse(await centre.cli('audit', 'list', '-o', 'json')) as readonly { readonly protoPayload: { readonly metadata?: object } }[]
  const known = entries.find(({ protoPayload: { metadata } }) => metadata !== undefined && JSON.stringify(metadata).includes(receipt))
  assert.partialDeepStrictEqual(known?.protoPayload.metadata, { verifiedBy: 'CLIENT_CERTIFICATE' })
})
