import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { plainEnvironment, startChild } from '../harness/child.ts'
import { missingParts } from '../harness/parts.ts'

const main = fileURLToPath(new URL('../../tools/demo/main.ts', import.meta.url))

/** The demo checks each outcome by itself: it is the founding story through our command line, with a real registry and a real gpg. */
test('the demo plays the founding story to its end without a surprise', { skip: missingParts('gpg', 'gpgconf', 'curl') }, async () => {
  const demo = startChild(process.execPath, [main], { env: plainEnvironment({ HOME: process.env['HOME'] ?? '/tmp' }) })
  const { code } = await demo.ended
  assert.equal(code, 0, `${demo.stdout().slice(-4000)}${demo.stderr()}`)
  assert.match(demo.stdout(), /The end/)
})
