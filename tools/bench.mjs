// npm run bench: measures the gate against a bare server under our own Node. See bench/README.md.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { root, runUnderOwnNode } from './set-up.mjs'

await runUnderOwnNode(import.meta.url, () => {
  const bench = spawn(process.execPath, [join(root, 'bench', 'main.ts'), ...process.argv.slice(2)], { stdio: 'inherit' })
  return new Promise((resolve) => bench.once('exit', (code) => resolve(code ?? 1)))
})
