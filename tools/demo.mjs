// npm run demo: plays the founding story end to end against real parts, under our own Node. `--keep` leaves the server up.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { installParts } from './parts.mjs'
import { root, runUnderOwnNode } from './set-up.mjs'

await runUnderOwnNode(import.meta.url, async () => {
  await installParts((line) => process.stderr.write(`${line}\n`))
  const demo = spawn(process.execPath, [join(root, 'tools', 'demo', 'main.ts'), ...process.argv.slice(2)], { stdio: 'inherit' })
  return new Promise((resolve) => demo.once('exit', (code) => resolve(code ?? 1)))
})
