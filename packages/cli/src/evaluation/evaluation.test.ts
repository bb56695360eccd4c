import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { makeFakeServer } from '../testing/fake-server.ts'
import { runInMemory } from '../testing/memory-terminal.ts'

const DIGEST = `sha256:${'ab'.repeat(32)}`
const SIGNED = `registry.example/app@${DIGEST}`
const UNSIGNED = `registry.example/app@sha256:${'cd'.repeat(32)}`
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

const pod = (name: string, image: string, more = ''): string =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\n${more}spec:\n  containers:\n  - name: c\n    image: ${image}\n`
const REQUIRE = [
  'globalPolicyEvaluationMode: ENABLE',
  'admissionWhitelistPatterns:\n- namePattern: trusted.example/*',
  'clusterAdmissionRules:\n  l.open: {evaluationMode: ALWAYS_ALLOW, enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG}',
  'defaultAdmissionRule:\n  evaluationMode: REQUIRE_ATTESTATION\n  requireAttestationsBy: [projects/p1/attestors/a1]\n  enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG\n',
].join('\n')
const ALLOW = 'defaultAdmissionRule: {evaluationMode: ALWAYS_ALLOW, enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG}\n'
const DENY = ALLOW.replace('ALWAYS_ALLOW', 'ALWAYS_DENY')
/** Nothing of a server is known. */
const OFFLINE = { COUNTERSIGN_PROJECT: '', COUNTERSIGN_TOKEN: '' }

/** A server whose project p1 requires `a1`, which has attested SIGNED; the manifests lie in `m`. */
async function makeWorld() {
  const { send, requests } = await makeFakeServer()
  const files: Record<string, string | Uint8Array> = {
    'pub.pem': publicKey.export({
      type: 'spki',
      format: 'pem',
    }),
    'key.pem': privateKey.export({
      type: 'pkcs8',
      format: 'pem',
    }),
    'policy.yaml': REQUIRE,
    'allow.yaml': ALLOW,
    'deny.yaml': DENY,
    'm/signed.yaml': pod('signed', SIGNED),
    'm/two.yml': `${pod('trusted', 'trusted.example/x')}---\n${pod('unsigned', UNSIGNED)}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n`,
    'm/values.json': '{"replicas": 2}',
  }
  const run = async (...argv: readonly string[]) => await runInMemory(argv, { send, files })
  await run('attestors', 'create', 'a1', '--attestation-authority-note=qa')
  await run('attestors', 'public-keys', 'add', '--attestor=a1', '--pkix-public-key-file=pub.pem', '--pkix-public-key-algorithm=ecdsa-p256-sha256')
  const signer = ['--pkix-private-key-file=key.pem', '--pkix-private-key-algorithm=ecdsa-p256-sha256']
  await run('attestations', 'sign-and-create', `--artifact-url=${SIGNED}`, '--attestor=a1', ...signer)
  await run('policy', 'import', 'policy.yaml')
  const offline = async (...argv: readonly string[]) => await runInMemory(argv, { files, env: OFFLINE })
  return { run, offline, files, send, requests }
}

const OUTCOMES = '--format=value(source,subject,outcome)'

test('evaluate judges files, folders and many documents against a server; one that may not run is exit code 1', async () => {
  const { run } = await makeWorld()
  const { exit, stdout, stderr } = await run('evaluate', 'm', OUTCOMES)
  assert.equal(exit, 1)
  assert.deepEqual(stdout.trimEnd().split('\n'), [
    'm/signed.yaml:1\tPod/signed\tALLOWED',
    'm/two.yml:1\tPod/trusted\tALLOWED',
    'm/two.yml:10\tPod/unsigned\tDENIED',
    'm/two.yml:19\tConfigMap/c\tALLOWED',
  ])
  assert.equal(stderr, 'Left out 1 documents that are no Kubernetes objects.')
  assert.equal((await run('evaluate', 'm/signed.yaml')).exit, 0)
})

test('people see verdict, reason and fix of each image', async () => {
  const { run } = await makeWorld()
  const { stdout } = await run('evaluate', 'm/two.yml')
  assert.match(stdout, /│ Pod\/unsigned │ m\/two\.yml:10 │ denied +│ 1 of 1 images may not run +│/)
  assert.match(
    stdout,
    /denied by the default admission rule: projects\/p1\/attestors\/a1 has not attested this digest\n {4}Attest the image:\n {6}countersign attestations sign-and-create/,
  )
  assert.match(stdout, /\n2 workloads with images, 1 allowed, 1 denied\n$/)
})

test('what the server kept judges without it, the same way', async () => {
  const { run, offline, files } = await makeWorld()
  await run('clusters', 'register', 'l.other')
  assert.equal((await run('evaluate', 'm', '--save-evidence=e.json')).exit, 1)
  assert.ok(!String(files['e.json']).includes('/v1/webhook/'))
  assert.deepEqual(await offline('evaluate', 'm', '--evidence=e.json', '--cluster=l.none'), {
    exit: 1,
    stdout: '',
    stderr: 'Left out 1 documents that are no Kubernetes objects.\nERROR: NOT_FOUND: Cluster "l.none" was not registered when the evidence was saved',
  })
  for (const argv of [['m'], ['m/signed.yaml'], ['m/signed.yaml', '--cluster=l.other']]) {
    const [there, here] = [await run('evaluate', ...argv, '-o', 'json'), await offline('evaluate', ...argv, '--evidence=e.json', '-o', 'json')]
    const withoutEtag = (text: string): unknown => JSON.parse(text, (key, value: unknown) => (key === 'policyEtag' ? '' : value))
    assert.deepEqual([here.exit, withoutEtag(here.stdout)], [there.exit, withoutEtag(there.stdout)])
  }
})

test('what the evidence does not cover is not decided: exit code 3', async () => {
  const { run, offline } = await makeWorld()
  await run('evaluate', 'm/signed.yaml', '--save-evidence=e.json')
  assert.equal((await offline('evaluate', 'm/signed.yaml', '--evidence=e.json')).exit, 0)
  const { exit, stdout } = await offline('evaluate', `--image=${UNSIGNED}`, '--evidence=e.json')
  assert.deepEqual([exit, /undecided: the attestations of projects\/p1\/attestors\/a1 could not be looked up/.test(stdout)], [3, true])
  assert.equal((await offline('evaluate', 'm/signed.yaml', '--policy=policy.yaml')).exit, 3)
})

test('evidence may be saved of all images, without judging any', async () => {
  const { run, offline } = await makeWorld()
  assert.deepEqual(await run('evaluate', '--save-evidence=e.json'), {
    exit: 0,
    stdout: '',
    stderr: 'Saved 1 attestors and 1 attestations to "e.json".',
  })
  assert.deepEqual(
    [(await offline('evaluate', 'm/signed.yaml', '--evidence=e.json')).exit, (await offline('evaluate', 'm', '--evidence=e.json')).exit],
    [0, 1],
  )
})

test('an attestor that did not exist when the evidence was saved is a denial, not a guess', async () => {
  const { run, offline } = await makeWorld()
  await run('attestors', 'delete', 'a1')
  await run('evaluate', 'm/signed.yaml', '--save-evidence=e.json')
  assert.equal((await offline('evaluate', 'm/signed.yaml', '--evidence=e.json')).exit, 1)
})

test('a policy file alone decides what needs no attestation', async () => {
  const { offline } = await makeWorld()
  assert.equal((await offline('evaluate', 'm', '--policy=allow.yaml')).exit, 0)
  assert.equal((await offline('evaluate', 'm', '--policy=deny.yaml')).exit, 1)
  assert.equal((await offline('evaluate', 'm/signed.yaml', '--policy=policy.yaml', '--cluster=l.open')).exit, 0)
})

test('with a project, the policy file is tried on the server’s evidence', async () => {
  const { run } = await makeWorld()
  assert.equal((await run('policy', 'evaluate', 'm', '--policy=allow.yaml')).exit, 0)
  assert.equal((await run('policy', 'evaluate', 'm/signed.yaml')).exit, 0)
})

test('standard input, images, namespace and cluster', async () => {
  const { run, send, files } = await makeWorld()
  assert.equal((await runInMemory(['evaluate', '-', OUTCOMES], { send, input: pod('in', UNSIGNED) })).stdout, 'stdin:1\tPod/in\tDENIED\n')
  assert.equal((await run('evaluate', `--image=${SIGNED}`, '--image=trusted.example/y')).exit, 0)
  assert.equal((await run('evaluate', `--image=${UNSIGNED}`)).exit, 1)
  await run('clusters', 'register', 'l.open')
  assert.equal((await run('evaluate', 'm', '--cluster=l.open')).exit, 0)
  assert.equal((await run('evaluate', 'm', '--cluster=l.unknown')).exit, 1)
  files['m/glass.yaml'] = pod('glass', UNSIGNED, '  labels: {image-policy.k8s.io/break-glass: "true"}\n')
  const glass = await run('evaluate', 'm/glass.yaml')
  assert.deepEqual([glass.exit, /allowed +│ 1 of 1 images do not conform/.test(glass.stdout)], [0, true])
})

test('what cannot be read is never passed over: every issue of every file, with its place', async () => {
  const { run, files } = await makeWorld()
  files['m/bad.yaml'] = 'kind: Pod\napiVersion: v1\nspec:\n  containers:\n  - name: a\n  - image: 7\n'
  files['m/twice.yaml'] = 'a: 1\na: 2\n'
  const { exit, stdout, stderr } = await run('evaluate', 'm')
  assert.deepEqual([exit, stdout], [2, ''])
  const places = stderr.split('\n').flatMap((line) => /^m\/\w+\.yaml:\d+:\d+/.exec(line)?.[0] ?? [])
  assert.deepEqual(places, ['m/bad.yaml:5:5', 'm/bad.yaml:6:5', 'm/twice.yaml:2:1'])
  assert.match(stderr, /ERROR: Cannot evaluate: 3 issues in the manifests$/)
  assert.equal((await run('evaluate', 'm/values.json')).exit, 2)
})

test('nothing to evaluate, and evidence that is none, are usage', async () => {
  const { run, offline } = await makeWorld()
  assert.match((await run('evaluate')).stderr, /There is nothing to evaluate\nName manifests/)
  assert.match((await offline('evaluate', 'm', '--evidence=m/values.json')).stderr, /"m\/values.json" is no evidence file of version 1/)
})

test('hostile text of a manifest reaches the terminal with its control characters shown', async () => {
  const { offline, files } = await makeWorld()
  files['h.yaml'] = pod('"a\\e[2Jb"', '"x\\e]0;y"')
  const { stdout } = await offline('evaluate', 'h.yaml', '--policy=deny.yaml')
  assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
  assert.match(stdout, /a\\x1b\[2Jb/)
})
