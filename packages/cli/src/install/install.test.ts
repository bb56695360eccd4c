import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseYamlDocuments } from '@countersign/api/file/yaml.ts'
import { makeFakeServer } from '../testing/fake-server.ts'
import { runInMemory } from '../testing/memory-terminal.ts'

async function start() {
  const server = await makeFakeServer()
  const run = (...argv: readonly string[]) => runInMemory(argv, { send: server.send })
  await run('clusters', 'register', 'l.c', '--workloads', 'warn')
  const registered = JSON.parse((await run('clusters', 'describe', 'l.c', '-o', 'json')).stdout) as { webhookUrl: string }
  return { run, path: new URL(registered.webhookUrl).pathname }
}

function kindsOf(text: string): readonly string[] {
  const parsed = parseYamlDocuments(text)
  assert.ok(parsed.ok)
  return parsed.value.map(({ tree }) => (tree as { kind: string }).kind)
}

test('install prints, and nothing else', async () => {
  const { run } = await start()
  assert.deepEqual(await run('install').then(({ exit, stdout }) => [exit, stdout]), [2, ''])
})

test('install --print --cluster asks the server for the webhook’s path, and how workloads are treated', async () => {
  const { run, path } = await start()
  const { exit, stdout, stderr } = await run('install', '--print', '--cluster', 'l.c')
  assert.equal(exit, 0, stderr)
  assert.equal(kindsOf(stdout).at(-1), 'ValidatingWebhookConfiguration')
  assert.ok(stdout.includes(`path: ${path}`) && stdout.includes('name: workloads.imagepolicywebhook.image-policy.k8s.io'))
})

test('what is lost without a volume is said, and what else has to be done', async () => {
  const { run } = await start()
  assert.match((await run('install', '--print', '--storage', 'emptyDir')).stderr, /the whole store is lost.*\nNo webhook yet/)
  const gate = ['--upstream', 'https://up.example', '--cluster', 'l.c', '--storage', 'emptyDir']
  assert.match((await run('install', '--print', ...gate)).stderr, /decisions that the server does not have yet are lost.*\nThe gates need/)
})

test('--image-policy-webhook prints the plugin’s two files with the paths where they belong', async () => {
  const { run, path } = await start()
  const { stdout } = await run('install', '--print', '--image-policy-webhook', '--cluster', 'l.c')
  assert.deepEqual(kindsOf(stdout), ['AdmissionConfiguration', 'Config'])
  assert.match(stdout, /^# \/etc\/kubernetes\/countersign\/admission\.yaml$/m)
  assert.ok(stdout.includes(path))
  assert.match(stdout, /defaultAllow: false/)
  const open = await run('install', '--print', '--image-policy-webhook', '--cluster', 'l.c', '--webhook-failure-policy', 'Ignore')
  assert.match(open.stdout, /defaultAllow: true/)
})

test('--admission-policy is made from the project’s policy', async () => {
  const { run } = await start()
  const { stdout, stderr } = await run('install', '--print', '--admission-policy')
  assert.deepEqual(kindsOf(stdout), ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'])
  assert.match(stderr, /as old as the policy/)
})
