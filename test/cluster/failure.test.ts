import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { issueServerCertificate, makeAuthority } from '@countersign/adapters/certificates/authority.ts'
import { startServer } from '../harness/server.ts'
import { tempFolder } from '../harness/temp-folder.ts'
import { missingControlPlane } from './control-plane.ts'
import { guardedCluster, makeCountersign } from './guarded-cluster.ts'
import { expectOutput } from './kubectl.ts'
import { pod } from './objects.ts'
import { imageNamed, openRoom, type Room } from './room.ts'
import { until } from './until.ts'

const skip = missingControlPlane()
const WEBHOOK = 'imagepolicywebhook.image-policy.k8s.io'

test('§6.3: with the gate down the failure policy speaks, and break-glass still works', { skip }, async () => {
  const server = await startServer()
  const room = await openRoom(await guardedCluster(), 'gate-down', { countersign: makeCountersign(server) })
  await server.stop()

  const failed = await room.kubectl(['apply', '-f', '-'], pod('app', imageNamed('app')))
  assert.equal(failed.code, 1)
  const start = `Error from server (InternalError): error when creating "STDIN": Internal error occurred: failed calling webhook "${WEBHOOK}": failed to call webhook: `
  assert.ok(failed.stderr.startsWith(start) && failed.stderr.endsWith('connect: connection refused\n'), failed.stderr)

  await expectOutput(room.kubectl(['apply', '-f', '-'], pod('urgent', imageNamed('app'), { labels: { 'image-policy.k8s.io/break-glass': 'true' } })))
  assert.deepEqual(failedOpen(await room.auditAnnotations('create', 'urgent')), [`break-glass.${WEBHOOK}`])

  await expectFailedOpen(room)
})

test('a gate that is too slow for the webhook’s timeout is one that is down: Fail refuses, Ignore admits and is seen', { skip }, async (t) => {
  const server = await startServer()
  t.after(server.stop)
  const room = await openRoom(await guardedCluster(), 'gate-slow', { countersign: makeCountersign(server) })
  await patchWebhook(room, { timeoutSeconds: 1 })
  process.kill(server.pid, 'SIGSTOP')
  try {
    const message = await until('the short timeout to be minded', async () => {
      const { stderr } = await room.kubectl(['apply', '-f', '-'], pod('app', imageNamed('app')))
      return /timeout=1s/.test(stderr) ? stderr : undefined
    })
    assert.match(
      message,
      /failed calling webhook "imagepolicywebhook\.image-policy\.k8s\.io": failed to call webhook: .*context deadline exceeded\n$/,
    )
    await expectFailedOpen(room)
  } finally {
    process.kill(server.pid, 'SIGCONT')
  }
  assert.equal((await room.kubectl(['apply', '-f', '-'], pod('later', imageNamed('app')))).code, 1, 'a gate that is back decides again')
})

test('a serving certificate that has ended is a gate that is down: nothing is read into it', { skip }, async (t) => {
  const server = await startServer(await endedCertificate())
  t.after(server.stop)
  const cluster = await guardedCluster()
  const room = await openRoom(cluster, 'certificate-ended')
  const printed = await makeCountersign(server)(['projects', 'create', room.name]).then(() =>
    makeCountersign(server)(['clusters', 'register', 'test.cluster', '--project', room.name, '--format', 'json']),
  )
  const { webhookUrl, caBundle } = JSON.parse(printed) as { webhookUrl: string; caBundle: string }
  await patchWebhook(room, { clientConfig: { url: webhookUrl, caBundle: Buffer.from(caBundle).toString('base64') } })
  const message = await until('the other address to be asked', async () => {
    const { stderr } = await room.kubectl(['apply', '-f', '-'], pod('app', imageNamed('app')))
    return stderr.includes('certificate') ? stderr : undefined
  })
  assert.match(message, /failed to call webhook: .*tls: failed to verify certificate: x509: certificate has expired or is not yet valid: /)
  await expectFailedOpen(room)
})

test('a cluster that was removed is decided by its failure policy, never by a default of ours', { skip }, async () => {
  const cluster = await guardedCluster()
  const room = await openRoom(cluster, 'removed')
  await cluster.countersign(['clusters', 'remove', 'test.cluster', '--project', room.name, '--quiet'])
  const { code, stderr } = await room.kubectl(['apply', '-f', '-'], pod('app', imageNamed('app')))
  assert.equal(code, 1)
  assert.match(stderr, /failed calling webhook "imagepolicywebhook\.image-policy\.k8s\.io": failed to call webhook: .*UNKNOWN_CLUSTER/)
})

function failedOpen(annotations: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(annotations).flatMap(([key, value]) => (key.startsWith('failed-open.validating.webhook.admission.k8s.io/') ? [value] : []))
}

/** Changes the strict entry and the open one alike. */
async function patchWebhook(room: Room, change: Readonly<Record<string, unknown>>): Promise<void> {
  const patch = [0, 1].flatMap((index) => Object.entries(change).map(([key, value]) => ({ op: 'replace', path: `/webhooks/${index}/${key}`, value })))
  await expectOutput(room.kubectl(['patch', 'validatingwebhookconfiguration', room.name, '--type=json', '-p', JSON.stringify(patch)]))
}

/** Lets the webhook fail open, and looks for what the API server's own audit log says of it. */
async function expectFailedOpen(room: Room): Promise<void> {
  await patchWebhook(room, { failurePolicy: 'Ignore' })
  await until('Ignore to be minded', async () =>
    (await room.kubectl(['apply', '-f', '-'], pod('app', imageNamed('app')))).code === 0 ? true : undefined,
  )
  assert.deepEqual(failedOpen(await room.auditAnnotations('create', 'app')), [WEBHOOK])
}

/** Arguments that make the webhook show a certificate which ended a year ago. */
async function endedCertificate(): Promise<{ readonly args: readonly string[] }> {
  const then = Date.now() - 3 * 365 * 24 * 3600 * 1000
  const authority = await makeAuthority(then)
  const pair = await issueServerCertificate(authority, { hosts: ['127.0.0.1', 'localhost'], now: then })
  const [cert, key, ca] = ['tls.crt', 'tls.key', 'ca.crt'].map((name) => join(tempFolder(), name)) as [string, string, string]
  writeFileSync(cert, pair.cert)
  writeFileSync(key, pair.key, { mode: 0o600 })
  writeFileSync(ca, authority.cert)
  return { args: ['--webhook-tls-cert', cert, '--webhook-tls-key', key, '--webhook-tls-ca', ca] }
}
