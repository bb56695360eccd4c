import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { runCli } from './cli.ts'
import { clientEnvironment, startServer } from './server.ts'

test('a started server opens its doors, drains on SIGTERM, and finds everything again', async () => {
  const first = await startServer()
  assert.equal((await fetch(first.apiUrl)).status, 200)
  assert.match(first.webhookUrl, /^https:/)
  assert.match(readFileSync(first.caFile, 'utf8'), /^-----BEGIN CERTIFICATE-----/)
  assert.equal(statSync(first.adminTokenFile).mode & 0o777, 0o600)
  const created = await runCli(['projects', 'create', 'demo'], { env: clientEnvironment(first) })
  assert.deepEqual({ code: created.code, stderr: created.stderr }, { code: 0, stderr: '' })
  assert.deepEqual(await first.stop(), { code: 0, signal: null })

  const second = await startServer({ dataFolder: first.dataFolder })
  const described = await runCli(['projects', 'describe', 'demo'], { env: clientEnvironment(second) })
  assert.equal(described.code, 0, described.stderr)
  assert.deepEqual(await second.stop(), { code: 0, signal: null })
})

test('a server that was killed starts again on its data', async () => {
  const first = await startServer()
  assert.deepEqual(await first.kill9(), { code: null, signal: 'SIGKILL' })
  const second = await startServer({ dataFolder: first.dataFolder })
  assert.deepEqual(await second.stop(), { code: 0, signal: null })
})

test('the binary answers --help with 0 and an unknown command with 2', async () => {
  assert.equal((await runCli(['--help'])).code, 0)
  assert.equal((await runCli(['no-such-command'])).code, 2)
})
