import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { startServer, type StartedServer } from '../harness/server.ts'
import { missingControlPlane } from './control-plane.ts'
import { CLUSTER, guardedCluster, makeCountersign } from './guarded-cluster.ts'
import { expectOutput } from './kubectl.ts'
import { pod } from './objects.ts'
import { ALLOW_ALL, DENY_ALL } from './policies.ts'
import { imageNamed, openRoom, projectOn } from './room.ts'
import { until } from './until.ts'

const skip = missingControlPlane()

test('a forged review without a cluster’s segment is decided by nobody, and leaves no record', { skip }, async () => {
  const { server } = await guardedCluster()
  for (const path of ['/v1/webhook/', `/v1/webhook/${'A'.repeat(43)}`, '/v1/webhook/../webhook/test.cluster']) {
    const { status, body } = await ask(server, path, review('forged', imageNamed('forged')))
    assert.equal(status, 404)
    assert.match(body, /UNKNOWN_CLUSTER/)
  }
})

test('another cluster’s URL gives that cluster’s verdict, on that cluster’s record, whatever the review says of itself', { skip }, async () => {
  const { countersign, server } = await guardedCluster()
  const [lax, strict] = [projectOn(countersign, 'attack-lax'), projectOn(countersign, 'attack-strict')]
  const urls: Record<string, string> = {}
  for (const project of [lax, strict]) {
    await countersign(['projects', 'create', project.name])
    await project.setPolicy(project === lax ? ALLOW_ALL : DENY_ALL)
    const printed = await countersign(['clusters', 'register', CLUSTER, '--project', project.name, '--format', 'json'])
    urls[project.name] = (JSON.parse(printed) as { webhookUrl: string }).webhookUrl
  }
  const forged = { ...review('claims', imageNamed('claims')), project: strict.name, cluster: CLUSTER }
  const { body } = await ask(server, new URL(urls[lax.name] ?? '').pathname, forged)
  assert.equal((JSON.parse(body) as { response: { allowed: boolean } }).response.allowed, true)
  await until('the decision on the lax cluster’s record', async () => ((await lax.listDecisions()).length === 1 ? true : undefined))
  assert.deepEqual(await strict.listDecisions(), [])
})

test('a service account that a Pod chooses for itself is its own namespace’s, not the one that a rule trusts elsewhere', { skip }, async () => {
  const room = await openRoom(await guardedCluster(), 'attack-account')
  await room.setPolicy({ ...DENY_ALL, kubernetesServiceAccountAdmissionRules: { 'trusted:robot': ALLOW_ALL['defaultAdmissionRule'] } })
  await expectOutput(room.kubectl(['create', 'serviceaccount', 'robot']))
  for (const serviceAccountName of ['robot', 'default']) {
    const object = pod('app', imageNamed('app')) as { spec: object }
    const { code, stderr } = await room.kubectl(['apply', '-f', '-'], { ...object, spec: { ...object.spec, serviceAccountName } })
    assert.equal(code, 1)
    assert.match(stderr, /denied by Binary Authorization default admission rule/)
  }
})

test('line ends and escape codes in an image’s text reach neither terminal nor log as they are', { skip }, async () => {
  const room = await openRoom(await guardedCluster(), 'attack-escapes')
  const image = 'registry.example/app\n[32mAllowed\u001b[2J\u001b]0;owned\u0007:v1'
  const { code, stderr } = await room.kubectl(['apply', '-f', '-'], pod('app', image))
  assert.equal(code, 1)
  assert.match(stderr, /denied by Binary Authorization/)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  assert.doesNotMatch(stderr, /[\u0000-\u0009\u000b-\u001f\u007f]/)
  assert.doesNotMatch(stderr, /^\[32mAllowed/m)
  const [decision] = await until('the decision on record', async () => {
    const found = await room.listDecisions()
    return found.length === 0 ? undefined : found
  })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  assert.doesNotMatch(JSON.stringify(decision?.protoPayload.status), /[\u0000-\u001f\u007f]/)
})

test('10,000 identical denials of one broken DaemonSet are answered each and recorded as few', { skip }, async (t) => {
  const server = await startServer()
  t.after(server.stop)
  const countersign = makeCountersign(server)
  await countersign(['projects', 'create', 'flood'])
  const project = projectOn(countersign, 'flood')
  await project.setPolicy(DENY_ALL)
  const printed = await countersign(['clusters', 'register', CLUSTER, '--project', 'flood', '--format', 'json'])
  const path = new URL((JSON.parse(printed) as { webhookUrl: string }).webhookUrl).pathname
  const agent = new Agent({ keepAlive: true, maxSockets: 20, ca: readFileSync(server.caFile) })
  t.after(() => agent.destroy())
  let [sent, denied] = [0, 0]
  const worker = async (): Promise<void> => {
    while (sent++ < 10_000) {
      const { body } = await ask(server, path, review(`app-${sent.toString(36)}`, imageNamed('broken'), 'app-'), agent)
      if (body.includes('"allowed":false')) denied++
    }
  }
  await Promise.all(Array.from({ length: 20 }, worker))
  assert.equal(denied, 10_000)
  const decisions = await until('the denials on record', async () => {
    const found = await project.listDecisions()
    return found.length === 0 ? undefined : found
  })
  assert.ok(decisions.length <= 10, `${decisions.length} records`)
})

test('the API server’s client certificate is verified where its authority is named, and the record says so', { skip }, async (t) => {
  const cluster = await guardedCluster()
  const kubeconfig = JSON.parse(readFileSync(cluster.plane.kubeconfig, 'utf8')) as {
    clusters: readonly [{ cluster: { 'certificate-authority': string } }]
  }
  const server = await startServer({ args: ['--webhook-client-ca', kubeconfig.clusters[0].cluster['certificate-authority']] })
  t.after(server.stop)
  const room = await openRoom(cluster, 'client-certificate', { countersign: makeCountersign(server) })
  await room.kubectl(['apply', '-f', '-'], pod('app', imageNamed('app')))
  const [decision] = await until('the decision on record', async () => {
    const found = await room.listDecisions()
    return found.length === 0 ? undefined : found
  })
  assert.ok(decision !== undefined)
  const { metadata } = decision.protoPayload as { metadata?: { verifiedBy?: string; certificateSubject?: string } }
  assert.deepEqual([metadata?.verifiedBy, metadata?.certificateSubject], ['CLIENT_CERTIFICATE', 'kube-apiserver-webhook-client'])
})

function review(name: string, image: string, generateName?: string): object {
  const object = pod(name, image) as { metadata: object }
  const metadata = { ...object.metadata, namespace: 'default', ...(generateName === undefined ? {} : { generateName }) }
  const kind = { group: '', version: 'v1', kind: 'Pod' }
  const resource = { group: '', version: 'v1', resource: 'pods' }
  const userInfo = { username: 'system:serviceaccount:kube-system:daemon-set-controller' }
  const asked = { uid: `uid-${name}`, kind, resource, operation: 'CREATE', namespace: 'default', userInfo, object: { ...object, metadata } }
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: asked }
}

/** Asks the door itself, as whoever can reach it may. */
function ask(server: StartedServer, path: string, body: object, agent?: Agent): Promise<{ readonly status: number; readonly body: string }> {
  const url = new URL(server.webhookUrl)
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', host: url.hostname, port: url.port, path, headers: { 'content-type': 'application/json' } }
    const sent = request({ ...options, ...(agent === undefined ? { ca: readFileSync(server.caFile) } : { agent }) }, (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: answer }), reject)
    })
    sent.on('error', reject)
    sent.end(JSON.stringify(body))
  })
}
