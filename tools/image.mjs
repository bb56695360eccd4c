// npm run image: builds the container images of Countersign without a container engine, under our own Node.
import { join } from 'node:path'
import { relay } from '../packages/countersign/bin/relay.mjs'
import { root, runUnderOwnNode } from './set-up.mjs'

await runUnderOwnNode(import.meta.url, () => relay(process.execPath, [join(root, 'tools', 'image', 'main.ts'), ...process.argv.slice(2)]))
