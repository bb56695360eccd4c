import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { runCli } from '../harness/cli.ts'
import { clientEnvironment } from '../harness/server.ts'
import { must, podOf, reviewOf, type Session, startSession } from './session.ts'

/*
 * Class C22 for terminals and logs: what hostile people write into names, descriptions and images stays text. And the log
 * is never blinded: whatever was decided can be listed.
 */
const HOSTILE = '\u001b[31m\u001b]0;owned\u0007\u202e\u009b2J\r\n{"level":60}'
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const RAW = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u2028\u2029]/
let session: Session

before(async () => {
  session = await startSession()
  const { api, hook } = session
  await must(api('POST', '/countersign/v1/tokens', { displayName: `t${HOSTILE}`, role: 'VIEWER' }))
  const texts = { shortDescription: HOSTILE, longDescription: HOSTILE, attestation: { hint: { humanReadableName: HOSTILE } } }
  await must(api('POST', '/v1/projects/p1/notes?noteId=n', texts))
  const attestor = { description: HOSTILE, userOwnedGrafeasNote: { noteReference: 'projects/p1/notes/n' } }
  await must(api('POST', '/v1/projects/p1/attestors?attestorId=a', attestor))
  const exemption = { pattern: 'x.example/y', owner: HOSTILE, reason: HOSTILE, expireTime: new Date(Date.now() + 3_600_000).toISOString() }
  await must(api('POST', '/countersign/v1/projects/p1/exemptions?exemptionId=e', exemption))
  const mark = { labels: { 'image-policy.k8s.io/break-glass': 'true' } }
  const names = { name: `n${HOSTILE}`, namespace: `s${HOSTILE}`, userInfo: { username: `u${HOSTILE}` } }
  for (const metadata of [{}, mark]) {
    const many = Array.from({ length: 500 }, (_, index) => ({ name: `c${HOSTILE}`, image: `evil.example/${HOSTILE}${index}` }))
    await must(hook(JSON.stringify(reviewOf(podOf(`evil.example/${HOSTILE}`, { metadata }), names))))
    await must(hook(JSON.stringify(reviewOf(podOf('x', { metadata, spec: { containers: many } }), names))))
  }
})

/** Records reach the store after their answers. */
async function listDecisions(): Promise<void> {
  for (;;) {
    const { json } = await must(session.api('GET', '/countersign/v1/projects/p1/auditLog?pageSize=1000'))
    if (json.entries.filter((entry: { readonly resource: { readonly type: string } }) => entry.resource.type === 'k8s_cluster').length === 4) return
  }
}

test('every decision about hostile texts can be listed', { timeout: 30_000 }, listDecisions)

for (const command of [
  ['tokens', 'list'],
  ['notes', 'list'],
  ['notes', 'describe', 'n'],
  ['attestors', 'list'],
  ['attestors', 'describe', 'a'],
  ['exemptions', 'list'],
  ['audit', 'list'],
]) {
  test(`countersign ${command.join(' ')} shows no control character in any format`, async () => {
    for (const format of ['table', 'yaml', 'json', 'value(displayName,shortDescription,description,owner,protoPayload.status.message)']) {
      const env = { ...clientEnvironment(session), COUNTERSIGN_PROJECT: 'p1' }
      const { code, stdout, stderr } = await runCli([...command, '-o', format], { env })
      assert.equal(code, 0, stderr)
      const raw = RAW.exec(stdout + stderr)
      assert.equal(raw === null ? '' : JSON.stringify(stdout.slice(Math.max(raw.index - 80, 0), raw.index + 20)), '', format)
    }
  })
}

test('a token never stands in what a failing command says, nor in the log of the server', async () => {
  const { code, stdout, stderr } = await runCli(['policy', 'export', '--project', 'p1'], {
    env: { COUNTERSIGN_SERVER: session.apiUrl, COUNTERSIGN_TOKEN: `${session.token}x` },
  })
  assert.notEqual(code, 0)
  for (const text of [stdout, stderr, session.stdout(), session.stderr()]) assert.ok(!text.includes(session.token.slice(20)))
  assert.ok(!RAW.test(session.stderr().replaceAll('\n', '')))
})
