// npm start: install what is missing, then serve. Arguments after `--` go to `countersign serve`.
import { join } from 'node:path'
import { relay } from '../packages/countersign/bin/relay.mjs'
import { root, SetUpError, setUp } from './set-up.mjs'

try {
  const node = await setUp((line) => process.stderr.write(`${line}\n`))
  process.exitCode = await relay(node, [join(root, 'packages/countersign/src/main.ts'), 'serve', ...process.argv.slice(2)])
} catch (error) {
  if (!(error instanceof SetUpError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
