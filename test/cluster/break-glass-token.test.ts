import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempFolder } from '../harness/temp-folder.ts'
import { runCli } from '../harness/cli.ts'
import { clientEnvironment } from '../harness/server.ts'
import { missingControlPlane } from './control-plane.ts'
import { CLUSTER, type GuardedCluster, guardedCluster } from './guarded-cluster.ts'
import { expectOutput } from './kubectl.ts'
import { deployment, pod } from './objects.ts'
import { imageNamed, openRoom, type Room } from './room.ts'
import { until } from './until.ts'

const skip = missingControlPlane()
const labels = { 'image-policy.k8s.io/break-glass': 'true' }
const ANNOTATION = 'countersign.dev/break-glass-token'

test('in mode "token" the mark alone lets nothing in; with a token that a second person approved it does, for its image and namespace only', {
  skip,
}, async () => {
  const cluster = await guardedCluster()
  const room = await openRoom(cluster, 'by-token')
  await cluster.countersign(['break-glass', 'settings', 'token', '--project', room.name])
  const image = imageNamed('urgent')
  const apply = (name: string, of: string, token?: string) =>
    room.kubectl(['apply', '-f', '-'], pod(name, of, { labels, annotations: token === undefined ? {} : { [ANNOTATION]: token } }))

  const bare = await apply('bare', image)
  assert.match(bare.stderr, /Break-glass does not count \(TOKEN_ABSENT\): this cluster asks for an approved token/)
  assert.equal(bare.code, 1)

  const { id, token } = await approve(cluster, room, image.slice(image.indexOf('sha256:')))
  await expectOutput(apply('granted', image, token))
  const annotations = await room.auditAnnotations('create', 'granted')
  assert.equal(annotations['break-glass.imagepolicywebhook.image-policy.k8s.io/break-glass-grant'], id)
  assert.match((await apply('other', imageNamed('other'), token)).stderr, /Break-glass does not count \(OTHER_IMAGE\)/)
  assert.match((await apply('edited', image, `${token.slice(0, 20)}X${token.slice(21)}`)).stderr, /Break-glass does not count \(TOKEN_FORGED\)/)

  await cluster.countersign(['break-glass', 'revoke', id, '--project', room.name])
  assert.match((await apply('revoked', image, token)).stderr, /Break-glass does not count \(TOKEN_REVOKED\)/)
})

test('a token in the template of a Deployment reaches the Pods that its controller makes, and the mark is listed', { skip }, async () => {
  const cluster = await guardedCluster()
  const room = await openRoom(cluster, 'by-template')
  await cluster.countersign(['break-glass', 'settings', 'token', '--project', room.name])
  const image = imageNamed('templated')
  const { token } = await approve(cluster, room, image.slice(image.indexOf('sha256:')))
  await expectOutput(room.kubectl(['apply', '-f', '-'], deployment('app', image)))
  const marked = { spec: { template: { metadata: { labels, annotations: { [ANNOTATION]: token } } } } }
  await expectOutput(room.kubectl(['patch', 'deployment', 'app', '-p', JSON.stringify(marked)]))
  await until('the Pod of the marked template', async () => {
    const { stdout } = await room.kubectl(['get', 'pods', '-l', 'image-policy.k8s.io/break-glass=true', '-o', 'name'])
    return stdout.startsWith('pod/') ? true : undefined
  })
  const args = ['break-glass', 'list-marks', '--kubeconfig', cluster.plane.kubeconfig, '--namespace', room.name, '--format', 'value(kind,name,token)']
  const listed = await runCli(args, { env: clientEnvironment(cluster.server) })
  assert.equal(listed.code, 1, listed.stderr)
  assert.match(listed.stdout, /^Deployment\tapp\tyes\nPod\tapp-[^\t]+\tyes\n$/)
})

test('a token for one Deployment reaches its Pods, and no Pod that only says so', { skip }, async () => {
  const cluster = await guardedCluster()
  const room = await openRoom(cluster, 'by-workload')
  await cluster.countersign(['break-glass', 'settings', 'token', '--project', room.name])
  const image = imageNamed('bound')
  const { token } = await approve(cluster, room, image.slice(image.indexOf('sha256:')), ['--workload', 'apps/v1/Deployment/web'])
  const marked = { spec: { template: { metadata: { labels, annotations: { [ANNOTATION]: token } } } } }
  for (const name of ['web', 'web-2']) {
    await expectOutput(room.kubectl(['apply', '-f', '-'], deployment(name, image)))
    await expectOutput(room.kubectl(['patch', 'deployment', name, '-p', JSON.stringify(marked)]))
  }
  const web = await until('the Pod of the bound Deployment', async () => {
    const { stdout } = await room.kubectl(['get', 'pods', '-l', 'image-policy.k8s.io/break-glass=true', '-o', 'json'])
    const { items } = JSON.parse(stdout) as { items: readonly { metadata: { name: string; labels: object; ownerReferences: object[] } }[] }
    return items.find(({ metadata }) => metadata.name.startsWith('web-'))?.metadata
  })
  const refused = await until('the other Deployment to be refused', async () => {
    const { stdout } = await room.kubectl(['get', 'replicasets', '-o', 'json'])
    const { items } = JSON.parse(stdout) as {
      items: readonly { metadata: { ownerReferences: readonly { name: string }[] }; status: { conditions?: readonly { message: string }[] } }[]
    }
    const conditions = items.filter(({ metadata }) => metadata.ownerReferences[0]?.name === 'web-2').flatMap(({ status }) => status.conditions ?? [])
    return conditions.length >= 2 ? conditions : undefined
  })
  assert.ok(refused.every(({ message }) => message.includes('denied by Binary Authorization')))
  const forged = { ...pod('forged', image, { labels: web.labels as Record<string, string>, annotations: { [ANNOTATION]: token } }) }
  const { metadata, ...rest } = forged as { readonly metadata: object }
  const answer = await room.kubectl(['apply', '-f', '-'], { ...rest, metadata: { ...metadata, ownerReferences: web.ownerReferences } })
  assert.match(answer.stderr, /Break-glass does not count \(OTHER_WORKLOAD\)/)
  const { stdout } = await room.kubectl(['get', 'pods', '-o', 'name'])
  assert.doesNotMatch(stdout, /web-2|forged/)
})

/** One person asks, another one approves. */
async function approve(
  { countersign, server }: GuardedCluster,
  room: Room,
  digest: string,
  more: readonly string[] = [],
): Promise<{ readonly id: string; readonly token: string }> {
  const secret = await countersign(['tokens', 'create', 'on-call', '--role', 'viewer', '--project', room.name, '--format', 'value(secret)'])
  const file = join(tempFolder(), 'token')
  writeFileSync(file, secret.trim(), { mode: 0o600 })
  const onCall = async (args: readonly string[]) => {
    const { code, stdout, stderr } = await runCli([...args, '--project', room.name], {
      env: { ...clientEnvironment(server), COUNTERSIGN_TOKEN_FILE: file },
    })
    assert.equal(code, 0, stderr)
    return stdout.trim()
  }
  const wish = ['--cluster', CLUSTER, '--namespace', room.name, '--digest', digest, '--for', '30m', '--justification', 'INC-42', ...more]
  const name = await onCall(['break-glass', 'request', ...wish, '--format', 'value(name)'])
  const id = name.split('/').at(-1) ?? ''
  await countersign(['break-glass', 'approve', id, '--project', room.name])
  return { id, token: await onCall(['break-glass', 'describe', id, '--format', 'value(token)']) }
}
