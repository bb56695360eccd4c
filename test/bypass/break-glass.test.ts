import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { before, test } from 'node:test'
import { BAD, must, podOf, reviewOf, send, type Session, startSession } from './session.ts'

const CLUSTER = 'us-central1-a.prod'
const LABEL = { 'image-policy.k8s.io/break-glass': 'true' }
let session: Session

before(async () => {
  session = await startSession()
})

const inProject = (rest: string): string => `/countersign/v1/projects/p1/${rest}`

/** A token of a role for the project. */
async function tokenFor(role: string): Promise<string> {
  const { json } = await must(session.api('POST', '/countersign/v1/tokens', { displayName: role, role, project: 'p1' }))
  return json.secret
}

test('class C16: a token for a cluster that was removed opens nothing in one that bears its key later', async () => {
  const { api } = session
  await must(api('PUT', inProject('breakGlass'), { mode: 'token' }))
  const wish = { cluster: CLUSTER, namespace: 'default', pattern: 'evil.example/*', lifetime: '7776000s', justification: 'the shop is down' }
  const asked = await must(api('POST', inProject('breakGlassGrants'), wish, await tokenFor('VIEWER')))
  const pending = await must(api('POST', inProject('breakGlassGrants'), wish, await tokenFor('VIEWER')))
  const { json } = await must(api('POST', `/countersign/v1/${asked.json.name}:approve`, {}))
  const pod = podOf(BAD, { metadata: { labels: LABEL, annotations: { 'countersign.dev/break-glass-token': json.token } } })
  assert.equal(await session.ask(pod), 'ALLOWED')
  await must(api('DELETE', inProject(`clusters/${CLUSTER}`)))
  const reborn = await must(api('POST', inProject('clusters'), { key: CLUSTER }))
  const ca = readFileSync(session.caFile, 'utf8')
  const answer = await send(`${reborn.json.webhookUrl}?timeout=10s`, { method: 'POST', body: JSON.stringify(reviewOf(pod)), ca })
  assert.equal(answer.json.response.allowed, false)
  assert.equal(answer.json.response.auditAnnotations['break-glass-refused'], 'TOKEN_REVOKED')
  const late = await api('POST', `/countersign/v1/${pending.json.name}:approve`, {})
  assert.equal(late.json.error.status, 'FAILED_PRECONDITION')
})
