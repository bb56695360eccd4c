import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { plainEnvironment, startChild } from './child.ts'
import { runCli } from './cli.ts'
import { clientEnvironment, startServer } from './server.ts'
import { tempFolder } from './temp-folder.ts'

test('a started server opens its doors, drains on SIGTERM, and finds everything again', async () => {
  const first = await startServer()
  assert.equal((await fetch(first.apiUrl)).status, 200)
  assert.match(first.webhookUrl, /^https:/)
  assert.match(readFileSync(first.caFile, 'utf8'), /^-----BEGIN CERTIFICATE-----/)
  assert.equal(statSync(first.adminTokenFile).mode & 0o777, 0o600)
  const created = await runCli(['projects', 'create', 'demo'], { env: clientEnvironment(first) })
  assert.equal(created.code, 0, created.stderr)
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

// npm starts scripts through a shell, which dies of a SIGTERM and leaves its child behind: hence `exec` in package.json.
test('npm start passes SIGTERM on, and ends when the server has drained', async () => {
  const home = tempFolder()
  const ready = join(home, 'ready.json')
  const addresses = ['--listen', '127.0.0.1:0', '--webhook-listen', '127.0.0.1:0', '--data', join(home, 'data'), '--ready-file', ready]
  const cwd = fileURLToPath(new URL('../../', import.meta.url))
  const npm = startChild('npm', ['start', '--silent', '--', ...addresses], { cwd, env: plainEnvironment({ HOME: home }) })
  await npm.waitFor('the ready file', () => existsSync(ready) || undefined)
  assert.deepEqual(await npm.stop(), { code: 0, signal: null })
})
