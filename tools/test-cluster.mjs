// npm run test:cluster: a real Kubernetes control plane asks a real server. Builds the control plane first, where Go is there.
import { runUnderOwnNode } from './set-up.mjs'

await runUnderOwnNode(import.meta.url, async () => {
  const { runClusterTier } = await import('./cluster-tier.mjs')
  const { installParts } = await import('./parts.mjs')
  const { Tally } = await import('./tally.mjs')
  const say = (line) => process.stdout.write(`${line}\n`)
  const tally = new Tally()
  await installParts(say)
  await runClusterTier(tally, say)
  return tally.finish()
})
