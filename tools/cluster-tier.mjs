import { buildClusterParts } from './cluster-parts.mjs'
import { groups } from './test-run.mjs'

/**
 * Runs the tests that need a real Kubernetes control plane, which is built first where Go is there. A machine that cannot build it skips them
 * and says why.
 *
 * @param {import('./tally.mjs').Tally} tally
 * @param {(line: string) => void} say
 */
export async function runClusterTier(tally, say) {
  const built = await buildClusterParts(say)
  if (built.outcome === 'ready') await tally.tests(groups.cluster)
  else if (built.outcome === 'unavailable') tally.skip('test/cluster', built.reason)
  else tally.fail('the build of the control plane', built.reason)
}
