import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, describe, test } from 'node:test'
import { type Browser, chromium } from 'playwright-core'
import { getPart, missingParts } from '../harness/parts.ts'
import { type StartedServer, startServer } from '../harness/server.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-sync']

/** The root page in a real browser: what no test of its text can see. */
describe('the root page', { skip: missingParts('chromium') }, () => {
  let server: StartedServer
  let browser: Browser
  before(async () => {
    server = await startServer()
    browser = await chromium.launch({ executablePath: getPart('chromium').path, args: ARGS })
  })
  after(async () => {
    await browser.close()
    await server.stop()
  })

  for (const colorScheme of ['light', 'dark'] as const)
    test(`opens without an error and with nothing that shuts people out, in ${colorScheme} colours`, async () => {
      const page = await browser.newPage({ colorScheme })
      const faults: string[] = []
      page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
      page.on('pageerror', (error) => faults.push(error.message))
      page.on('requestfailed', (request) => faults.push(`${request.url()} failed`))
      const answer = await page.goto(server.apiUrl)
      assert.equal(answer?.status(), 200)
      assert.match(await page.locator('body').innerText(), /countersign projects create my-project/)
      // By the debugger's door: the page's own policy lets no script in.
      await page.evaluate(AXE)
      const found: unknown = await page.evaluate('axe.run().then(({ violations }) => violations.map(({ id, help }) => `${id}: ${help}`))')
      assert.deepEqual({ found, faults }, { found: [], faults: [] })
      await page.close()
    })
})
