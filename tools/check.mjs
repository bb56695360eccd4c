// npm run check: the quick gate. The same on a laptop and in CI.
import { runUnderOwnNode } from './set-up.mjs'

await runUnderOwnNode(import.meta.url, async () => {
  const { steps } = await import('./steps.mjs')
  const { Tally } = await import('./tally.mjs')
  const { groups } = await import('./test-run.mjs')
  const tally = new Tally()
  for (const step of steps) await tally.step(step)
  await tally.tests(groups.pure)
  return tally.finish()
})
