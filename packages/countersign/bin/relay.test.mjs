import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'

const relay = new URL('relay.mjs', import.meta.url).href

/** A process that relays to `code`; gives it once `code` printed its first line. */
async function relaying(code) {
  const script = `import { relay } from '${relay}'; process.exitCode = await relay(process.execPath, ['-e', ${JSON.stringify(code)}])`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [first] = await once(child.stdout, 'data')
  return { child, first: String(first) }
}

test('relay() ends as the program ended', async () => {
  const { child } = await relaying('console.log("up"); process.exitCode = 3')
  assert.deepEqual(await once(child, 'close'), [3, null])
})

test('relay() gives 128 + n for a program that a signal ended', async () => {
  const { child } = await relaying('console.log("up"); process.kill(process.pid, "SIGKILL")')
  assert.deepEqual(await once(child, 'close'), [137, null])
})

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
  test(`relay() passes ${signal} on and waits for the program to drain`, async () => {
    const { child } = await relaying(`process.on('${signal}', () => process.exit(7)); setInterval(() => {}, 1e6); console.log("up")`)
    child.kill(signal)
    assert.deepEqual(await once(child, 'close'), [7, null])
  })
}
