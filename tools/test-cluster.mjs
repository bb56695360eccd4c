// npm run test:cluster: a real Kubernetes control plane asks a real server. Builds the control plane first, where Go is there.
import { runUnderOwnNode } from './set-up.mjs'

await runUnderOwnNode(import.meta.url, async () => {
  const { buildClusterParts } = await import('./cluster-parts.mjs')
  const { installParts } = await import('./parts.mjs')
  const { Tally } = await import('./tally.mjs')
  const { groups } = await import('./test-run.mjs')
  const say = (line) => process.stdout.write(`${line}\n`)
  const tally = new Tally()
  const built = await buildClusterParts(say)
  if (built.outcome === 'ready') {
    await installParts(say)
    await tally.tests(groups.cluster)
  } else if (built.outcome === 'unavailable') tally.skip('test/cluster', built.reason)
  else tally.fail('the build of the control plane', built.reason)
  return tally.finish()
})
