import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { plainEnvironment, startChild } from './child.ts'
import { freePort } from './free-port.ts'
import { gnupgHome } from './gnupg.ts'
import { missingParts } from './parts.ts'
import { startRegistry } from './registry.ts'

const script = (code: string) => startChild(process.execPath, ['-e', code], { env: plainEnvironment() })

test('a child that ends too early is reported at once, with what it said', async () => {
  const child = script('console.error("no disk"); process.exit(4)')
  await assert.rejects(
    child.waitFor('readiness', () => undefined),
    /Ended before readiness[^]*no disk/,
  )
  assert.deepEqual(await child.ended, { code: 4, signal: null })
})

test('stop() lets a program drain, kill9() does not', async () => {
  const drains = 'process.on("SIGTERM", () => { console.log("drained"); process.exit(0) }); setInterval(() => {}, 1e6); console.log("up")'
  const stopped = script(drains)
  await stopped.waitFor('up', () => stopped.stdout() || undefined)
  assert.deepEqual(await stopped.stop(), { code: 0, signal: null })
  assert.match(stopped.stdout(), /drained/)

  const killed = script(drains)
  await killed.waitFor('up', () => killed.stdout() || undefined)
  assert.deepEqual(await killed.kill9(), { code: null, signal: 'SIGKILL' })
})

test('a free port can be listened on', async () => {
  const port = await freePort()
  const child = script(`require("node:net").createServer().listen(${port}, "127.0.0.1", () => { console.log("up"); process.exit(0) })`)
  assert.deepEqual(await child.ended, { code: 0, signal: null })
})

test('a real registry answers on the port it chose', { skip: missingParts('docker-registry') }, async () => {
  const registry = await startRegistry()
  const answer = await fetch(`${registry.url}/v2/`)
  assert.equal(answer.status, 200)
  await registry.stop()
})

test('a gpg home signs, and leaves no agent behind', { skip: missingParts('gpg', 'gpgconf') }, async () => {
  const home = gnupgHome()
  await home.gpg(['--passphrase', '', '--quick-gen-key', 'A <a@example.com>', 'ed25519', 'sign', 'never'])
  const signed = await home.gpg(['--clearsign'], 'payload')
  assert.match(signed, /BEGIN PGP SIGNED MESSAGE/)
  await home.stop()
  assert.equal(existsSync(`${home.folder}/S.gpg-agent`), false)
})
