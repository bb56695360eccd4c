import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseYamlDocuments } from '@countersign/api/file/yaml.ts'
import { makeDecisionRows } from '@countersign/service/testing/decision-rows.ts'
import { FAKE_CA, makeFakeServer } from '../testing/fake-server.ts'
import { runInMemory } from '../testing/memory-terminal.ts'

async function makeWorld() {
  const server = await makeFakeServer()
  const files: Record<string, string | Uint8Array> = {}
  return { ...server, files, run: async (...argv: readonly string[]) => await runInMemory(argv, { send: server.send, files }) }
}

test('projects create|list|describe|delete', async () => {
  const { run } = await makeWorld()
  assert.deepEqual(await run('projects', 'create', 'demo'), { exit: 0, stdout: '', stderr: 'Created project [demo].' })
  assert.equal((await run('projects', 'list', '--format=value(id)')).stdout, 'demo\np1\np12\n')
  assert.match((await run('projects', 'describe', 'demo')).stdout, /^name: projects\/demo$/m)
  assert.equal((await run('projects', 'delete', 'demo')).exit, 0)
  assert.equal((await run('projects', 'describe', 'demo')).exit, 1)
})

test('clusters register prints exactly webhookUrl and caBundle, as JSON and as YAML', async () => {
  const { run } = await makeWorld()
  const json = JSON.parse((await run('clusters', 'register', 'l.c1', '-o', 'json')).stdout) as Record<string, string>
  assert.deepEqual(Object.keys(json), ['webhookUrl', 'caBundle'])
  assert.match(json['webhookUrl'] ?? '', /^https:\/\/gate\/v1\/webhook\/.{20,}$/)
  const yaml = (await run('clusters', 'register', 'l.c2', '-o', 'yaml')).stdout
  assert.deepEqual(
    yaml.split('\n').flatMap((line) => /^(\w+):/.exec(line)?.[1] ?? []),
    ['caBundle', 'webhookUrl'],
  )
  assert.equal((await run('clusters', 'list', '--format=value(key)')).stdout, 'l.c1\nl.c2\n')
  assert.match((await run('clusters', 'register', 'l.c3', '--trust-domain=td')).stdout, /^Webhook URL: https:.*\nCA bundle:\n-----BEGIN/)
  assert.match((await run('clusters', 'describe', 'l.c3')).stdout, /^trustDomain: td$/m)
  assert.equal((await run('clusters', 'remove', 'l.c3')).exit, 0)
  assert.equal((await run('clusters', 'register', 'nodot')).exit, 2)
})

test('the webhook configuration fails closed, but for Pods that carry the break-glass label and those that nodes need', async () => {
  const { run } = await makeWorld()
  await run('clusters', 'register', 'l.c1')
  const parsed = parseYamlDocuments((await run('clusters', 'describe', 'l.c1', '--webhook-configuration')).stdout)
  assert.ok(parsed.ok)
  const { kind, webhooks } = (parsed.value[0]?.tree ?? {}) as { readonly kind: string; readonly webhooks: readonly Record<string, never>[] }
  assert.equal(kind, 'ValidatingWebhookConfiguration')
  assert.deepEqual(
    webhooks.map(({ name, failurePolicy }) => [name, failurePolicy]),
    [
      ['imagepolicywebhook.image-policy.k8s.io', 'Fail'],
      ['break-glass.imagepolicywebhook.image-policy.k8s.io', 'Ignore'],
      ['node-critical.imagepolicywebhook.image-policy.k8s.io', 'Ignore'],
    ],
  )
  assert.equal(webhooks[0]?.['clientConfig']?.['caBundle'], Buffer.from(FAKE_CA).toString('base64'))
})

test('the webhook configuration of a cluster that asks for tokens says what its fail-open entry means', async () => {
  const { run } = await makeWorld()
  await run('clusters', 'register', 'l.c1')
  const print = async () => (await run('clusters', 'describe', 'l.c1', '--webhook-configuration')).stdout
  assert.doesNotMatch(await print(), /token/)
  await run('break-glass', 'settings', 'token', '--cluster', 'l.c1')
  const printed = await print()
  assert.match(printed, /^# This cluster asks for a break-glass token\./)
  assert.equal(parseYamlDocuments(printed).ok, true)
})

test('clusters update adds what the webhook configuration asks about, and replaces only what was given', async () => {
  const { run } = await makeWorld()
  await run('clusters', 'register', 'l.c1', '--workloads', 'warn')
  await run('clusters', 'update', 'l.c1', '--image-path', 'argo-rollouts', '--knative', 'on')
  const printed = parseYamlDocuments((await run('clusters', 'describe', 'l.c1', '--webhook-configuration')).stdout)
  assert.ok(printed.ok)
  const { webhooks } = (printed.value[0]?.tree ?? {}) as { readonly webhooks: readonly Record<string, string>[] }
  const own = '.imagepolicywebhook.image-policy.k8s.io'
  assert.deepEqual(
    webhooks.slice(3).map(({ name, failurePolicy }) => [name, failurePolicy]),
    [
      [`workloads${own}`, 'Ignore'],
      [`custom${own}`, 'Ignore'],
      [`knative${own}`, 'Fail'],
    ],
  )
  const pinning = (await run('clusters', 'describe', 'l.c1', '--pinning-configuration')).stdout
  assert.match(pinning, /^kind: MutatingWebhookConfiguration$/m)
  assert.match(pinning, /url: https:\/\/gate\/v1\/webhook\/[A-Za-z0-9_-]{43}\/pin$/m)
  await run('clusters', 'update', 'l.c1', '--image-path', 'none', '--knative', 'off')
  const settings = (JSON.parse((await run('clusters', 'describe', 'l.c1', '--format', 'json')).stdout) as Record<string, unknown>)['settings']
  assert.deepEqual(settings, { workloads: 'warn' })
  assert.equal((await run('clusters', 'update', 'l.c1', '--workloads', 'maybe')).exit, 2)
  assert.equal((await run('clusters', 'update', 'l.c1', '--image-path', 'x')).exit, 2)
  assert.equal((await run('clusters', 'update', 'l.c1')).exit, 2)
})

test('notes create|list|describe|delete', async () => {
  const { run } = await makeWorld()
  assert.match((await run('notes', 'create', 'n1', '--human-readable-name', 'N One')).stdout, /^ {4}humanReadableName: N One$/m)
  assert.equal((await run('notes', 'list', '--format=value(name)')).stdout, 'projects/p1/notes/n1\nprojects/p1/notes/qa\n')
  assert.match((await run('notes', 'describe', 'projects/p1/notes/n1')).stdout, /^kind: ATTESTATION$/m)
  assert.equal((await run('notes', 'delete', 'n1')).exit, 0)
})

test('tokens create prints the secret alone, once; list shows none; revoke ends it', async () => {
  const { run } = await makeWorld()
  const { stdout, stderr } = await run('tokens', 'create', 'pipeline', '--role=attestor', '--note=qa', '--expires-in=90d')
  assert.match(stdout, /^cs_\S+\n$/)
  assert.match(stderr, /for project \[p1\]/)
  const id = (await run('tokens', 'list', '--format=value(name)')).stdout.trim().replace('tokens/', '')
  assert.ok(!(await run('tokens', 'list', '-o', 'json')).stdout.includes(stdout.trim()))
  assert.equal((await run('tokens', 'revoke', id)).exit, 0)
  assert.match((await run('tokens', 'list', '--format=value(revokeTime)')).stdout, /^2026-/)
  assert.match((await run('tokens', 'create', 'x', '--role=king')).stderr, /Role "king" is not known: expected admin, attestor, viewer/)
})

test('exemptions create|list|describe|delete; one of pattern and digest, and an end', async () => {
  const { run } = await makeWorld()
  const why = ['--owner=ann', '--reason=trial']
  const made = await run('exemptions', 'create', 'e1', '--pattern=r.example/*', '--namespace=trial', ...why, '--expires-in=24h')
  assert.match(made.stdout, /^expireTime: '2026-02-01T12:00:00Z'$/m)
  assert.equal((await run('exemptions', 'list', '--format=value(pattern,owner)')).stdout, 'r.example/*\tann\n')
  assert.match((await run('exemptions', 'describe', 'e1')).stdout, /^namespace: trial$/m)
  assert.equal((await run('exemptions', 'delete', 'e1')).exit, 0)
  assert.equal((await run('exemptions', 'create', ...why, '--expires-in=1h')).exit, 2)
  assert.equal((await run('exemptions', 'create', '--pattern=a', '--digest=b', ...why, '--expires-in=1h')).exit, 2)
  assert.match((await run('exemptions', 'create', '--pattern=r.example/*', ...why)).stderr, /Option --expires-in is required/)
})

test('audit list filters, limits and orders', async () => {
  const { run } = await makeWorld()
  await run('notes', 'create', 'n1')
  const methods = async (...argv: readonly string[]) => (await run('audit', 'list', ...argv, '--format=value(protoPayload.resourceName)')).stdout
  assert.equal(await methods('--filter', 'protoPayload.methodName="grafeas.v1.Grafeas.CreateNote"'), 'projects/p1/notes/n1\nprojects/p1/notes/qa\n')
  assert.equal(
    await methods('--filter', 'protoPayload.methodName="grafeas.v1.Grafeas.CreateNote"', '--order=asc', '--limit=1'),
    'projects/p1/notes/qa\n',
  )
  assert.equal((await run('audit', 'list', '--limit=0')).exit, 2)
  assert.equal((await run('audit', 'list', '--order=up')).exit, 2)
  assert.match((await run('audit', 'list')).stdout, /│ Grafeas\.CreateNote +│ projects\/p1\/notes\/n1 +│ token:admin +│ done +│/)
})

test('a project that does not exist is refused with the one that was probably meant', async () => {
  const { run } = await makeWorld()
  await run('projects', 'create', 'production')
  const { exit, stderr } = await run('policy', 'export', '--project=prodution')
  assert.equal(exit, 1)
  assert.match(stderr, /project "prodution" does not exist, .*; did you mean "production"\?/)
  assert.doesNotMatch((await run('policy', 'export', '--project=something')).stderr, /did you mean/)
})

test('a field that no row has is told, and what is printed stays as it is', async () => {
  const { run } = await makeWorld()
  const { exit, stdout, stderr } = await run('projects', 'list', '--format=value(id,nope)')
  assert.deepEqual([exit, stdout, stderr], [0, 'p1\t\np12\t\n', 'WARNING: Field "nope" is in no row: -o json shows all fields'])
  assert.match((await run('projects', 'describe', 'p1', '--format=value(nope)')).stderr, /There is no field "nope"/)
})

test('audit verify finds every chain of the server and of an export intact', async () => {
  const { run, world, files } = await makeWorld()
  await world.store.decisions.acceptDecisions('gate-1', makeDecisionRows('gate-1', ['p1', 'p1', 'p12']))
  const { exit, stdout } = await run('audit', 'verify', '--format=value(writer,outcome,records)')
  assert.deepEqual([exit, stdout], [0, 'server:memory\tINTACT\t3\ngate-1\tINTACT\t3\nthe log of all\tPROVEN\t6\n'])
  files['a.jsonl'] = (await run('audit', 'export')).stdout
  assert.equal((await run('audit', 'verify', 'a.jsonl')).exit, 0)
})

for (const [what, spoil, fault] of [
  ['altered', (lines: string[]) => lines.with(1, (lines[1] ?? '').replace('CONFORMS', 'DRY_RUN')), 'record 2: ALTERED'],
  ['left out', (lines: string[]) => lines.toSpliced(1, 1), 'record 2: OUT_OF_ORDER'],
  ['doubled', (lines: string[]) => lines.toSpliced(1, 0, lines[0] ?? ''), 'record 2: OUT_OF_ORDER'],
] as const) {
  test(`audit verify names the first bad record where one was ${what}, and exits 1`, async () => {
    const { run, world, files } = await makeWorld()
    await world.store.decisions.acceptDecisions('gate-1', makeDecisionRows('gate-1', ['p1', 'p1', 'p1']))
    const lines = (await run('audit', 'export')).stdout.split('\n')
    const first = lines.findIndex((line) => line.startsWith('{"writer":"gate-1"'))
    files['a.jsonl'] = [...lines.slice(0, first), ...spoil(lines.slice(first, -1)), ''].join('\n')
    const { exit, stdout } = await run('audit', 'verify', 'a.jsonl', '--format=value(detail)')
    assert.deepEqual([exit, stdout.split('\n')[1]?.slice(0, fault.length)], [1, fault])
  })
}

test('audit verify refuses a file that holds no record, and one that is no export, with the line', async () => {
  assert.equal((await runInMemory(['audit', 'verify', 'x'], { files: { x: '' } })).exit, 2)
  const header = '{"export":"countersign.audit-export.v1","heads":[]}'
  const { exit, stderr } = await runInMemory(['audit', 'verify', 'x'], { files: { x: `${header}\n{"a":\n` } })
  assert.deepEqual([exit, stderr.split('\n')[0]], [2, 'ERROR: x:2: this line is no part of an audit export'])
})

test('receipts describe shows the receipt that the digest names, and no other', async () => {
  const { run, world, send } = await makeWorld()
  const rows = makeDecisionRows('gate-1', ['p1', 'p1'])
  await world.store.decisions.acceptDecisions('gate-1', rows)
  const digest = rows[0]?.receiptDigest ?? ''
  assert.match((await run('receipts', 'describe', digest)).stdout, /^receipt:\n(?: {2}.*\n)* {4}uid: request-0$/m)
  const other = await runInMemory(['receipts', 'describe', rows[1]?.receiptDigest ?? ''], {
    send: async (request) => await send({ ...request, url: request.url.replace(/sha256.*/, encodeURIComponent(digest)) }),
  })
  assert.deepEqual([other.exit, /DATA_LOSS/.test(other.stderr)], [3, true])
})

test('status shows the server, its gates and what they counted', async () => {
  const { run } = await makeWorld()
  const { stdout } = await run('status')
  assert.match(stdout, /^Version: +0\.1\.0$/m)
  assert.match(stdout, /│ in the server │ all +│ +│ 3 +│ 0 ms +│ 0 +│ +│ gate-1 │/)
  assert.match(stdout, /^allowed: +2$/m)
  assert.doesNotMatch(stdout, /denied/)
})
