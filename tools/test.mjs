// npm test: the whole gate. Sets up what is missing, then everything that `check` does, then the tests with real parts;
// with `--cluster` also those of `npm run test:cluster`, in one count.
import { join } from 'node:path'
import { install, isInstalled, root, runUnderOwnNode, SetUpError } from './set-up.mjs'

await runUnderOwnNode(import.meta.url, async () => {
  const { installParts } = await import('./parts.mjs')
  const { steps } = await import('./steps.mjs')
  const { Tally } = await import('./tally.mjs')
  const { groups } = await import('./test-run.mjs')
  const tally = new Tally()
  await installParts(say)
  await installPeers()
  for (const step of steps) await tally.step(step)
  await tally.tests(groups.pure)
  await tally.tests(groups.real)
  if (process.argv.includes('--cluster')) {
    const { runClusterTier } = await import('./cluster-tier.mjs')
    await runClusterTier(tally, say)
  }
  return tally.finish()
})

/** Other people's clients are large and have a lock file of their own; a test that lacks its client skips and says so. */
async function installPeers() {
  const peers = join(root, 'test', 'peers')
  try {
    if (!isInstalled(peers)) await install(peers, say)
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error
    say(error.message.split('\n')[0])
  }
}

function say(line) {
  process.stdout.write(`${line}\n`)
}
