import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HttpAnswer } from '@countersign/adapters/http-send.ts'
import { runInMemory } from '../../testing/memory-terminal.ts'

const TOKENS = [
  { name: 'tokens/t1', displayName: 'ci' },
  { name: 'tokens/t2', displayName: 'ann' },
  { name: 'tokens/t3', displayName: 'ann' },
]

function entry(principalEmail: string, resourceName: string, metadata: object = {}): object {
  return { timestamp: 't', severity: 'ERROR', protoPayload: { methodName: 'm', resourceName, authenticationInfo: { principalEmail }, metadata } }
}

async function listOver(entries: readonly object[], tokens: readonly object[] | undefined): Promise<readonly (readonly string[])[]> {
  const answer = (status: number, body: object): HttpAnswer => ({ status, headers: {}, body: new TextEncoder().encode(JSON.stringify(body)) })
  const send = async ({ url }: { readonly url: string }) => {
    if (!url.includes('/tokens')) return answer(200, { entries })
    return tokens === undefined ? answer(403, { error: { code: 403, message: 'no', status: 'PERMISSION_DENIED' } }) : answer(200, { tokens })
  }
  const { stdout } = await runInMemory(['audit', 'list', '--project=p1'], { send })
  return stdout.split('\n').flatMap((line) => (line.startsWith('│ t') ? [line.split('│').map((cell) => cell.trim())] : []))
}

test('audit list shows tokens by their names, and the ids of those who share one or are unknown', async () => {
  const entries = ['token:t1', 'token:t2', 'token:gone', 'alice@example.com'].map((principal) => entry(principal, 'r'))
  assert.deepEqual(
    (await listOver(entries, TOKENS)).map((cells) => cells[5]),
    ['ci', 'ann (t2)', 'token:gone', 'alice@example.com'],
  )
  assert.deepEqual(
    (await listOver(entries, undefined)).map((cells) => cells[5]),
    ['token:t1', 'token:t2', 'token:gone', 'alice@example.com'],
  )
})

test('audit list names the images of an ImageReview, which has no other name, and counts what an entry stands for', async () => {
  const decision = { outcome: 'DENIED', reason: 'VIOLATES_POLICY', repeated: { count: 9999 } }
  const images = [{ image: 'nginx' }, { image: 'redis' }]
  const [one, two] = await listOver([entry('a', 'core/v1/namespaces/shop/pods/', { ...decision, images }), entry('a', 'x/pods/web', { images })], [])
  assert.deepEqual([one?.[4], one?.[6]], ['core/v1/namespaces/shop/pods/nginx and 1 more', 'DENIED VIOLATES_POLICY ×9999'])
  assert.equal(two?.[4], 'x/pods/web')
})
