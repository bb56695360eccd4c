import { setTimeout as delay } from 'node:timers/promises'

/** Looks again and again until there is something to see; throws at the deadline, with what was seen last. */
export async function until<T>(what: string, look: () => Promise<T | undefined>, deadlineMs = 30_000): Promise<T> {
  const deadline = Date.now() + deadlineMs
  for (;;) {
    const seen = await look()
    if (seen !== undefined) return seen
    if (Date.now() > deadline) throw new Error(`Waited ${deadlineMs} ms in vain for ${what}`)
    await delay(50)
  }
}
