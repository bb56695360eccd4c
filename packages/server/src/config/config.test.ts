import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatIssue, formatPath } from '@countersign/core/parsed.ts'
import { parseConfig, type ServerConfig } from './config.ts'
import { formatSettingsHelp } from './help.ts'
import { type ConfigSources, layerSettings } from './layers.ts'
import { SERVE_SETTINGS, SETTINGS, variableOf } from './settings.ts'

function read(sources: Partial<ConfigSources>): ServerConfig | readonly string[] {
  const layered = layerSettings({ argv: [], env: {}, readFile: () => undefined, ...sources }, SERVE_SETTINGS)
  if (!layered.ok) return layered.issues.map(formatIssue)
  const parsed = parseConfig(layered.value)
  return parsed.ok ? parsed.value : parsed.issues.map((issue) => `${formatPath(issue.path)}: ${issue.message}`)
}

function issuesOf(sources: Partial<ConfigSources>): string {
  const value = read(sources)
  return Array.isArray(value) ? value.join('\n') : assert.fail('The configuration has no issue')
}

function config(sources: Partial<ConfigSources>): ServerConfig {
  const value = read(sources)
  if (Array.isArray(value)) assert.fail(value.join('\n'))
  return value as ServerConfig
}

test('a server without settings listens on loopback and keeps its data beside it', () => {
  const { listen, webhookListen, dataFolder, tls, gate } = config({})
  assert.deepEqual(
    { listen, webhookListen, dataFolder, tls, undecided: gate.undecided },
    {
      listen: { host: '127.0.0.1', port: 8080, loopback: true },
      webhookListen: { host: '127.0.0.1', port: 8443, loopback: true },
      dataFolder: './.countersign',
      tls: { mode: 'OFF' },
      undecided: 'error',
    },
  )
})

test('a flag goes before a variable, a variable before the file, the file before the default', () => {
  const readFile = () => 'data: from-file\nlog-level: debug\ndrain-seconds: 3\n'
  const env = { COUNTERSIGN_DATA: 'from-variable', COUNTERSIGN_LOG_LEVEL: 'warn' }
  const { dataFolder, logLevel, drainMs, gate } = config({ argv: ['--data', 'from-flag'], env, readFile })
  assert.deepEqual(
    { dataFolder, logLevel, drainMs, undecided: gate.undecided },
    { dataFolder: 'from-flag', logLevel: 'warn', drainMs: 3000, undecided: 'error' },
  )
})

test('every wrong value is told at once, with where it came from', () => {
  const issues = read({ argv: ['--listen', 'nowhere', '--undecided', 'maybe'], env: { COUNTERSIGN_DRAIN_SECONDS: '-1' } })
  assert.deepEqual(issues, [
    '["--listen"]: Address "nowhere" is not valid: expected HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080',
    '["--undecided"]: Value "maybe" is not valid: expected error, deny',
    'COUNTERSIGN_DRAIN_SECONDS: Value "-1" is not valid: expected a whole number from 0 to 3600',
  ])
})

test('what an ImageReview must show is a list of known words', () => {
  assert.deepEqual(config({}).gate.imageReviewMustShow, [])
  const argv = ['--image-review-must-show', 'IMAGE_VOLUMES', '--image-review-must-show', 'LABELS']
  assert.deepEqual(config({ argv }).gate.imageReviewMustShow, ['LABELS', 'IMAGE_VOLUMES'])
  assert.deepEqual(config({ env: { COUNTERSIGN_IMAGE_REVIEW_MUST_SHOW: 'LABELS' } }).gate.imageReviewMustShow, ['LABELS'])
  assert.match(issuesOf({ argv: ['--image-review-must-show', 'labels'] }), /Value "labels" is not valid: expected LABELS, IMAGE_VOLUMES/)
})

test('plain text off loopback is refused, TLS off loopback is not', () => {
  assert.match(issuesOf({ argv: ['--listen', '0.0.0.0:8080'] }), /Plain text off loopback is refused/)
  assert.equal(config({ argv: ['--listen', '0.0.0.0:8080', '--tls', 'self'] }).tls.mode, 'SELF')
})

test('a certificate without its key is refused', () => {
  assert.match(issuesOf({ argv: ['--tls-cert', 'a.pem'] }), /--tls-cert and --tls-key go together/)
  assert.match(issuesOf({ argv: ['--webhook-tls-key', 'a.pem'] }), /--webhook-tls-cert and --webhook-tls-key go together/)
  assert.match(issuesOf({ argv: ['--webhook-tls-ca', 'a.pem'] }), /--webhook-tls-ca needs --webhook-tls-cert/)
  const argv = ['--webhook-tls-cert', 'a.pem', '--webhook-tls-key', 'b.pem', '--webhook-tls-ca', 'c.pem']
  assert.deepEqual(config({ argv }).webhookTls, { certFile: 'a.pem', keyFile: 'b.pem', caFile: 'c.pem' })
})

test('an unknown flag, an unknown key of the file and a file that is not there are refused', () => {
  assert.match(issuesOf({ argv: ['--lisen', '127.0.0.1:0'] }), /lisen/)
  assert.match(issuesOf({ readFile: () => 'lisen: x\n' }), /lisen.*Unknown setting/)
  assert.match(issuesOf({ argv: ['--config', 'gone.yaml'] }), /gone\.yaml.*does not exist/)
})

test('a file of two documents, and a list for a setting that has one value, are refused: neither is read half', () => {
  assert.deepEqual(read({ readFile: () => 'data: a\n---\ndata: b\n' }), ['["./countersign.yaml"]: Expected one document, found 2'])
  assert.deepEqual(read({ readFile: () => 'data: [a, b]\n' }), ['["./countersign.yaml"].data: Expected one value, found a list'])
})

test('a repeated setting is repeated flags, a variable divided by commas, or a list in the file', () => {
  assert.deepEqual(config({ readFile: () => 'hostname: [a.example, b.example]\n' }).hostnames, ['a.example', 'b.example'])
  assert.deepEqual(config({ argv: ['--hostname', 'a.example', '--hostname', 'b.example'] }).hostnames, ['a.example', 'b.example'])
  assert.deepEqual(config({ env: { COUNTERSIGN_HOSTNAME: 'a.example,b.example' } }).hostnames, ['a.example', 'b.example'])
})

test('the help names every flag and every variable', () => {
  const help = formatSettingsHelp(SERVE_SETTINGS)
  for (const { name } of SETTINGS) assert.ok(help.includes(`--${name}`) && help.includes(variableOf(name)), name)
})
