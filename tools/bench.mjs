// npm run bench: measures the gate against a bare server under our own Node; with --cluster, Pods through a real API server; with --scan, images and feeds. See bench/README.md.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { root, runUnderOwnNode } from './set-up.mjs'

await runUnderOwnNode(import.meta.url, () => {
  const file = process.argv.includes('--cluster') ? 'cluster.ts' : process.argv.includes('--scan') ? 'scan.ts' : 'main.ts'
  const bench = spawn(process.execPath, [join(root, 'bench', file), ...process.argv.slice(2)], { stdio: 'inherit' })
  return new Promise((resolve) => bench.once('exit', (code) => resolve(code ?? 1)))
})
