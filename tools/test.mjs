// npm test: the whole gate. Sets up what is missing, then everything that `check` does, then the tests with real parts.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { install, isInstalled, root, runUnderOwnNode, SetUpError } from './set-up.mjs'

await runUnderOwnNode(import.meta.url, async () => {
  const { installParts } = await import('./parts.mjs')
  const { steps } = await import('./steps.mjs')
  const { Tally } = await import('./tally.mjs')
  const { groups } = await import('./test-run.mjs')
  const tally = new Tally()
  await installParts(say)
  const real = (await hasPeers(tally)) ? groups.real : { ...groups.real, exclude: [...groups.real.exclude, 'test/peers/**'] }
  for (const step of steps) await tally.step(step)
  await tally.tests(groups.pure)
  await tally.tests(real)
  return tally.finish()
})

/** Other people's clients are large and have a lock file of their own; without them the rest is still worth running. */
async function hasPeers(tally) {
  const peers = join(root, 'test', 'peers')
  if (!existsSync(join(peers, 'package-lock.json'))) return false
  try {
    if (!isInstalled(peers)) await install(peers, say)
    return true
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error
    tally.skip('test/peers', error.message.split('\n')[0])
    return false
  }
}

function say(line) {
  process.stdout.write(`${line}\n`)
}
