import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseGateConfig } from './gate-config.ts'
import { GATE_SETTINGS } from './gate-settings.ts'
import { formatSettingsHelp } from './help.ts'
import { layerSettings } from './layers.ts'

const ARGV = ['--upstream', 'https://centre.example:8080/', '--project', 'demo', '--cluster', 'us-central1-a.prod', '--token-file', 'token']

function read(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const layered = layerSettings({ argv, env, readFile: () => undefined }, GATE_SETTINGS)
  return layered.ok ? parseGateConfig(layered.value) : layered
}

function issuesOf(argv: readonly string[]): string {
  const parsed = read(argv)
  return parsed.ok ? '' : parsed.issues.map(({ path, message }) => [...path, message].join(': ')).join('\n')
}

test('four settings say which gate it is; all else has a default', () => {
  const parsed = read(ARGV)
  assert.ok(parsed.ok)
  assert.deepEqual(parsed.value, {
    upstream: 'https://centre.example:8080',
    project: 'demo',
    cluster: 'us-central1-a.prod',
    tokenFile: 'token',
    webhookListen: { host: '127.0.0.1', port: 8443, loopback: true },
    hostnames: [],
    dataFolder: './.countersign-gate',
    pin: { registries: [] },
    gate: {
      undecided: 'error',
      webhookName: 'imagepolicywebhook.image-policy.k8s.io',
      imageReviewMustShow: [],
      stalenessBudgetMs: 300_000,
      maxBodyBytes: 8_388_608,
      maxBytesInFlight: 67_108_864,
    },
    drainMs: 10_000,
    logLevel: 'info',
  })
})

test('a variable stands for a flag that is not given', () => {
  const parsed = read(ARGV.slice(2), { COUNTERSIGN_UPSTREAM: 'http://127.0.0.1:8080', COUNTERSIGN_CA_FILE: 'ca.pem' })
  assert.deepEqual(parsed.ok && [parsed.value.upstream, parsed.value.caFile], ['http://127.0.0.1:8080', 'ca.pem'])
})

test('every setting that is missing or wrong is told at once', () => {
  assert.equal(
    issuesOf([])
      .split('\n')
      .filter((line) => line.endsWith('Setting is required: see countersign gate --help')).length,
    4,
  )
  const wrong = ['--upstream', 'http://centre.example', '--project', 'P', '--cluster', 'prod', '--token-file', 't', '--tls-key', 'k']
  const issues = issuesOf(wrong)
  for (const [flag, text] of [
    ['upstream', 'plain text'],
    ['project', 'P'],
    ['cluster', 'prod'],
    ['tls-cert', 'go together'],
  ])
    assert.match(issues, new RegExp(`${flag}.*${text}`), issues)
})

test('the help names every setting and its variable', () => {
  const help = formatSettingsHelp(GATE_SETTINGS)
  for (const { name } of GATE_SETTINGS.settings) assert.ok(help.includes(`--${name} `), name)
  assert.match(help, /^Usage: countersign gate \[flags\]$/m)
})
