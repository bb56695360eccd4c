import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeEvent } from './events.ts'

test('writeEvent() writes a warning of whole seconds into the namespace of its object, with a bounded message', async () => {
  const created: unknown[] = []
  const create = async (path: string, object: object) => {
    created.push([path, object])
    return {}
  }
  const about = { namespace: 'shop', kind: 'Pod', apiVersion: 'v1', name: 'web-1' }
  await writeEvent({ create }, { ...about, reason: 'BreakGlass', message: 'x'.repeat(2_000), time: '2026-01-31T12:00:00.123456Z' })
  assert.deepEqual(created, [
    [
      '/api/v1/namespaces/shop/events',
      {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { generateName: 'countersign-', namespace: 'shop' },
        involvedObject: about,
        type: 'Warning',
        reason: 'BreakGlass',
        message: 'x'.repeat(1_024),
        source: { component: 'countersign' },
        firstTimestamp: '2026-01-31T12:00:00Z',
        lastTimestamp: '2026-01-31T12:00:00Z',
        count: 1,
      },
    ],
  ])
})
