import assert from 'node:assert/strict'
import { readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { plainEnvironment, startChild } from '../harness/child.ts'
import { missingParts } from '../harness/parts.ts'
import { tempFolder } from '../harness/temp-folder.ts'

const main = fileURLToPath(new URL('../../tools/demo/main.ts', import.meta.url))

const OPTIONS = { skip: missingParts('gpg', 'gpgconf', 'curl') }
const startDemo = (env: Readonly<Record<string, string>> = {}) =>
  startChild(process.execPath, [main], { env: { ...plainEnvironment({ HOME: process.env['HOME'] ?? '/tmp' }), ...env } })

const REGISTRY_PARTS = ['docker-registry', 'skopeo', 'umoci']

/** The demo checks each outcome by itself: it is the founding story through our command line, with a real registry and a real gpg. */
test('the demo plays the founding story to its end without a surprise', OPTIONS, async () => {
  const demo = startDemo()
  const { code } = await demo.ended
  assert.equal(code, 0, `${demo.stdout().slice(-4000)}${demo.stderr()}`)
  assert.match(demo.stdout(), /The end/)
})

test('where no registry is to be had, the demo plays with shipped digests, and says so', OPTIONS, async () => {
  const folder = tempFolder()
  for (const name of readdirSync('/usr/bin')) if (!REGISTRY_PARTS.includes(name)) symlinkSync(join('/usr/bin', name), join(folder, name))
  const demo = startDemo({ PATH: folder, XDG_CACHE_HOME: folder })
  const { code } = await demo.ended
  assert.equal(code, 0, `${demo.stdout().slice(-4000)}${demo.stderr()}`)
  assert.match(demo.stdout(), /No registry here \(no docker-registry on this machine/)
  assert.match(demo.stdout(), /The end/)
})

test('a demo that is interrupted leaves no server behind', OPTIONS, async () => {
  const demo = startDemo()
  const apiUrl = await demo.waitFor('the server', () => /A server runs at (http:[^ ]+)\. /.exec(demo.stdout())?.[1])
  assert.equal((await fetch(apiUrl)).status, 200)
  assert.deepEqual(await demo.stop(), { code: 130, signal: null })
  await assert.rejects(fetch(apiUrl))
})
