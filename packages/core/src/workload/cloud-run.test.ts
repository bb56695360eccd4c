import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CLOUD_RUN_ANNOTATION, CLOUD_RUN_BREAK_GLASS, isKnativeService, readCloudRun } from './cloud-run.ts'

const service = (annotations: Readonly<Record<string, unknown>>) => ({ metadata: { annotations } })

test('§6.8: a Service is checked only where it asks to be', () => {
  assert.deepEqual(readCloudRun({}), { outcome: 'NOT_ASKED' })
  assert.deepEqual(readCloudRun(service({ [CLOUD_RUN_ANNOTATION]: 'default' })), { outcome: 'CHECK' })
})

test('§6.8: a justification breaks the glass', () => {
  assert.deepEqual(readCloudRun(service({ [CLOUD_RUN_ANNOTATION]: 'default', [CLOUD_RUN_BREAK_GLASS]: 'incident 12' })), {
    outcome: 'CHECK',
    breakGlass: { via: 'ANNOTATION', key: CLOUD_RUN_BREAK_GLASS, value: 'incident 12' },
  })
})

for (const annotations of [
  { [CLOUD_RUN_BREAK_GLASS]: 'incident 12' },
  { [CLOUD_RUN_ANNOTATION]: 'projects/p/policy' },
  { [CLOUD_RUN_ANNOTATION]: 1 },
  { [CLOUD_RUN_ANNOTATION]: 'default', [CLOUD_RUN_BREAK_GLASS]: 'a'.repeat(1025) },
]) {
  test(`§6.8: ${JSON.stringify(annotations).slice(0, 90)} is refused`, () => assert.equal(readCloudRun(service(annotations)).outcome, 'WRONG'))
}

test('isKnativeService() tells it from Kubernetes’ own', () => {
  assert.deepEqual(
    [
      { apiVersion: 'serving.knative.dev/v1', kind: 'Service' },
      { apiVersion: 'v1', kind: 'Service' },
    ].map(isKnativeService),
    [true, false],
  )
})
