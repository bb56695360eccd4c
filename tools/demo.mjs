// npm run demo: plays the founding story end to end against real parts, under our own Node. `--keep` leaves the server up.
import { join } from 'node:path'
import { relay } from '../packages/countersign/bin/relay.mjs'
import { installParts } from './parts.mjs'
import { root, runUnderOwnNode } from './set-up.mjs'

await runUnderOwnNode(import.meta.url, async () => {
  await installParts((line) => process.stderr.write(`${line}\n`))
  return relay(process.execPath, [join(root, 'tools', 'demo', 'main.ts'), ...process.argv.slice(2)])
})
