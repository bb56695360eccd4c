import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeFakeServer } from '../../testing/fake-server.ts'
import { runInMemory } from '../../testing/memory-terminal.ts'

const DENY =
  'defaultAdmissionRule:\n  evaluationMode: ALWAYS_DENY\n  enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG\nglobalPolicyEvaluationMode: ENABLE\n'

async function makeWorld(files: Record<string, string> = {}) {
  const { send, requests } = await makeFakeServer()
  return { requests, files, run: async (...argv: readonly string[]) => await runInMemory(argv, { send, files }) }
}

test('policy export writes what import reads, with keys in order and the etag', async () => {
  const { run, files } = await makeWorld({ 'p.yaml': DENY })
  await run('policy', 'import', 'p.yaml')
  const { stdout } = await run('policy', 'export')
  const keys = stdout.split('\n').flatMap((line) => /^(\w+):/.exec(line)?.[1] ?? [])
  assert.deepEqual(keys, ['defaultAdmissionRule', 'etag', 'globalPolicyEvaluationMode', 'name', 'updateTime'])
  files['again.yaml'] = stdout
  assert.equal((await run('policy', 'import', 'again.yaml')).exit, 0)
})

test('policy import explains an etag that somebody overtook, and writes nothing', async () => {
  const { run, files } = await makeWorld({ 'p.yaml': DENY })
  await run('policy', 'import', 'p.yaml')
  files['mine.yaml'] = (await run('policy', 'export')).stdout.replace('ALWAYS_DENY', 'ALWAYS_ALLOW')
  await run('policy', 'import', 'p.yaml')
  const late = await run('policy', 'import', 'mine.yaml')
  assert.equal(late.exit, 1)
  assert.match(
    late.stderr,
    /ABORTED: The policy of project "p1" was changed after "mine.yaml" was exported, so nothing was written. .*countersign policy export --project p1/,
  )
  assert.match((await run('policy', 'export')).stdout, /ALWAYS_DENY/)
})

test('policy import and validate tell every issue with line and column, in the order of the file, and ask no server', async () => {
  const { run, requests } = await makeWorld({ 'bad.yaml': 'defaultAdmissionRule:\n  evaluationMode: true\n  enforcementMod: X\nfoo: 1\n' })
  for (const verb of ['import', 'validate']) {
    const { exit, stderr } = await run('policy', verb, 'bad.yaml')
    assert.equal(exit, 2)
    assert.deepEqual(
      stderr.split('\n').map((line) => /^bad\.yaml:\d+:\d+: [\w.]+/.exec(line)?.[0] ?? line),
      [
        'bad.yaml:1:1: defaultAdmissionRule.enforcementMode',
        'bad.yaml:2:3: defaultAdmissionRule.evaluationMode',
        'bad.yaml:3:3: defaultAdmissionRule.enforcementMod',
        'bad.yaml:4:1: foo',
        'ERROR: Policy file "bad.yaml" is not valid: 4 issues',
      ],
    )
  }
  assert.deepEqual(requests, [])
})

test('§1.9 rows 7 to 9: an unknown field and an empty file are refused before anything is sent; any file name will do', async () => {
  const { run, requests } = await makeWorld({ 'unknown.yaml': `${DENY}evaluator: x\n`, 'empty.yaml': '', 'policy.txt': DENY })
  assert.match((await run('policy', 'import', 'unknown.yaml')).stderr, /^unknown\.yaml:5:1: evaluator/)
  const empty = await run('policy', 'import', 'empty.yaml')
  assert.deepEqual([empty.exit, requests], [2, []])
  assert.match(empty.stderr, /^empty\.yaml: .*expected/i)
  assert.equal((await run('policy', 'import', 'policy.txt')).exit, 0)
})

test('what is seldom meant is told once, with its place', async () => {
  const { run } = await makeWorld({
    'p.json': '{"defaultAdmissionRule":{"evaluationMode":"ALWAYS_ALLOW","enforcementMode":"ENFORCED_BLOCK_AND_AUDIT_LOG"}}',
  })
  const { exit, stderr } = await run('policy', 'import', 'p.json')
  assert.equal(exit, 0)
  assert.match(stderr, /^WARNING: p\.json:1:\d+: defaultAdmissionRule\.evaluationMode: Every image runs/)
  assert.equal(stderr.split('WARNING').length, 2)
})

test('policy import reads standard input, and refuses the policy of another project', async () => {
  const { send } = await makeFakeServer()
  assert.equal((await runInMemory(['policy', 'import', '-'], { send, input: DENY })).exit, 0)
  const { exit, stderr } = await runInMemory(['policy', 'import', '-'], { send, input: `name: projects/p12/policy\n${DENY}` })
  assert.equal(exit, 2)
  assert.match(stderr, /is of "projects\/p12\/policy", but the project is "p1"/)
})

test('policy reset restores the default policy', async () => {
  const { run } = await makeWorld({ 'p.yaml': DENY })
  await run('policy', 'import', 'p.yaml')
  assert.match((await run('policy', 'reset')).stdout, /evaluationMode: ALWAYS_ALLOW/)
})

test('policy describe shows the steps in the order in which an image meets them', async () => {
  const rule =
    '\n    evaluationMode: REQUIRE_ATTESTATION\n    requireAttestationsBy: [projects/p1/attestors/a1]\n    enforcementMode: DRYRUN_AUDIT_LOG_ONLY\n'
  const { run } = await makeWorld({
    'p.yaml': `${DENY}admissionWhitelistPatterns:\n- namePattern: r.example/*\nclusterAdmissionRules:\n  l.c:${rule}`,
  })
  await run('attestors', 'create', 'a1', '--attestation-authority-note=qa')
  await run('policy', 'import', 'p.yaml')
  const { stdout } = await run('policy', 'describe')
  assert.deepEqual(
    stdout
      .split('\n')
      .slice(3, -2)
      .map((line) =>
        line
          .split('│')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      ),
    [
      ['kube-system', 'system policy', 'allow Kubernetes’ own images'],
      ['everywhere', 'r.example/*', 'allow'],
      ['cluster l.c', 'every other image', 'require attestation by projects/p1/attestors/a1 (dry run: log only)'],
      ['elsewhere', 'every other image', 'deny'],
    ],
  )
})

test('policy export-system-policy prints repositories exactly', async () => {
  const { run } = await makeWorld()
  const { stdout } = await run('alpha', 'container', 'binauthz', 'policy', 'export-system-policy', '--location=global')
  assert.match(stdout, /^- namePattern: registry\.k8s\.io\/kube-proxy:\*$/m)
})
