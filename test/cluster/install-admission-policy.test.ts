import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempFolder } from '../harness/temp-folder.ts'
import { callApi } from './api-client.ts'
import { missingControlPlane } from './control-plane.ts'
import { installCluster } from './install-cluster.ts'
import { expectOutput } from './kubectl.ts'
import { pod } from './objects.ts'
import { until } from './until.ts'

const skip = missingControlPlane()
const DIGEST = `@sha256:${'cd'.repeat(32)}`
const rule = (evaluationMode: string, enforcementMode = 'ENFORCED_BLOCK_AND_AUDIT_LOG') => ({
  evaluationMode,
  enforcementMode,
  ...(evaluationMode === 'REQUIRE_ATTESTATION' ? { requireAttestationsBy: ['projects/demo/attestors/built'] } : {}),
})

test('a ValidatingAdmissionPolicy made from a policy refuses what no attestation could save, and nothing that the policy lets in', {
  skip,
}, async () => {
  const { kubectl, countersign, plane } = await installCluster()
  const file = join(tempFolder(), 'policy.json')
  const policy = {
    globalPolicyEvaluationMode: 'ENABLE',
    admissionWhitelistPatterns: ['free.example/exact:1', 'free.example/one/*', 'free.example/deep/**'].map((namePattern) => ({ namePattern })),
    defaultAdmissionRule: rule('REQUIRE_ATTESTATION'),
    kubernetesNamespaceAdmissionRules: {
      'line-open': rule('ALWAYS_ALLOW'),
      'line-shut': rule('ALWAYS_DENY'),
      'line-dry': rule('ALWAYS_DENY', 'DRYRUN_AUDIT_LOG_ONLY'),
    },
  }
  writeFileSync(file, JSON.stringify(policy))
  for (const namespace of ['line-open', 'line-shut', 'line-dry', 'countersign-own']) await expectOutput(kubectl(['create', 'namespace', namespace]))
  const made = ['install', '--print', '--admission-policy', '--policy', file]
  const printed = await countersign([...made, '--namespace', 'countersign-own', '--registry', 'registry.example/'])
  await expectOutput(kubectl(['apply', '--validate=strict', '-f', '-'], printed))

  const ask = (namespace: string, object: object) => callApi(plane.client, 'POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, object)
  const refusal = (image: string) => `Image ${image} denied by the last line of Binary Authorization`
  const verdict = async (namespace: string, image: string, parts = {}) => {
    const { status, body } = await ask(namespace, pod('probe', image, parts))
    return status === 201 ? 'admitted' : body.includes(refusal(image)) ? 'refused' : body
  }
  await until('the policy to be minded', async () => ((await verdict('default', 'other.example/app:1')) === 'refused' ? true : undefined))
  await until('service accounts', async () => ((await verdict('line-open', 'other.example/app:1')) === 'admitted' ? true : undefined))

  const rows: readonly (readonly [namespace: string, image: string, verdict: string])[] = [
    ['default', `registry.example/app${DIGEST}`, 'admitted'],
    ['default', `elsewhere.example/app${DIGEST}`, 'refused'],
    ['default', 'registry.example/app:1', 'refused'],
    ['default', 'free.example/exact:1', 'admitted'],
    ['default', 'free.example/exact:2', 'refused'],
    ['default', 'free.example/one/app:1', 'admitted'],
    ['default', 'free.example/one/deep/app:1', 'refused'],
    ['default', 'free.example/deep/a/b:1', 'admitted'],
    ['line-shut', `registry.example/app${DIGEST}`, 'refused'],
    ['line-shut', 'free.example/one/app:1', 'admitted'],
    ['line-dry', 'other.example/app:1', 'admitted'],
    ['countersign-own', 'other.example/app:1', 'admitted'],
    ['kube-system', 'registry.example/system:1', 'admitted'],
  ]
  const met: (readonly string[])[] = []
  for (const [namespace, image] of rows) met.push([namespace, image, await verdict(namespace, image)])
  assert.deepEqual(met, rows)

  // Image volumes, the mark that breaks the glass, and what an update leaves as it was.
  const volumes = [{ name: 'data', image: { reference: 'other.example/data:1' } }]
  assert.ok((await ask('default', pod('probe', 'free.example/exact:1', { volumes }))).body.includes(refusal('other.example/data:1')))
  const labels = { 'image-policy.k8s.io/break-glass': 'true' }
  assert.equal(await verdict('default', 'other.example/app:1', { labels }), 'admitted')
  await expectOutput(kubectl(['-n', 'default', 'apply', '-f', '-'], pod('kept', 'other.example/app:1', { labels })))
  await expectOutput(kubectl(['-n', 'default', 'label', 'pod', 'kept', 'image-policy.k8s.io/break-glass-', 'colour=red']))
  const changed = await kubectl(['-n', 'default', 'set', 'image', 'pod/kept', 'app=other.example/app:2'])
  assert.ok(changed.stderr.includes(refusal('other.example/app:2')), changed.stderr)
  const debug = ['debug', 'kept', '-n', 'default', '--image=other.example/shell:1', '--container=shell', '--attach=false', '--profile=general']
  assert.ok((await kubectl(debug)).stderr.includes(refusal('other.example/shell:1')))

  await expectOutput(kubectl(['delete', 'validatingadmissionpolicy,validatingadmissionpolicybinding', 'countersign-last-line']))
  await expectOutput(kubectl(['-n', 'default', 'delete', 'pod', 'kept']))
})
