#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { relay } from './relay.mjs'

// Plain JavaScript on purpose: the Node that starts this file may be too old to read TypeScript.
const main = new URL('../src/main.ts', import.meta.url)
const ownNode = fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url))

if (Number.parseInt(process.versions.node, 10) >= 26) {
  await import(main.href)
} else if (existsSync(ownNode)) {
  process.exitCode = await relay(ownNode, [fileURLToPath(main), ...process.argv.slice(2)])
} else {
  process.stderr.write(
    `Cannot run countersign: this is Node.js ${process.versions.node}, expected 26 or newer, and the checkout has no Node.js of its own yet\n` +
      'Next: run "npm ci" in the checkout, which brings Node.js 26\n',
  )
  process.exitCode = 2
}
