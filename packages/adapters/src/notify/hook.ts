import { createHmac } from 'node:crypto'

/** What a hook is told: a CloudEvent in structured JSON (CloudEvents 1.0). */
export interface HookEvent {
  readonly id: string
  readonly type: string
  readonly source: string
  readonly time: string
  readonly data: unknown
}

/** Delivers one body; gives the HTTP status. Rejects where no answer comes. */
export type DeliverHook = (body: string, headers: Readonly<Record<string, string>>) => Promise<number>

export interface HookOptions {
  readonly deliver: DeliverHook
  /** Shared with the receiver; absent: events are not signed. */
  readonly secret?: string
  /** Waits; resolves early where the hook is closed. */
  readonly wait: (ms: number) => Promise<void>
  readonly onLost: (event: HookEvent, reason: string) => void
}

/** A hook that takes events at once and delivers them one after the other. */
export interface Hook {
  send(event: HookEvent): void
  /** Gives up what is not delivered yet. Resolves when nothing is under way. */
  close(): Promise<void>
}

/** More than anyone reads; beyond it the newest is told as lost, because the log has it. */
const MAX_WAITING = 1_000
const DELAYS_MS = [200, 1_000, 5_000, 15_000, 60_000, 300_000]

/** Opens a hook. Whoever sends never waits: the queue is bounded, and each event is tried seven times over six minutes. */
export function openHook(options: HookOptions): Hook {
  const waiting: HookEvent[] = []
  let closed = false
  let running: Promise<void> | undefined
  const run = async (): Promise<void> => {
    for (let event = waiting.shift(); event !== undefined && !closed; event = waiting.shift()) await deliver(event, options, () => closed)
    running = undefined
  }
  return {
    send: (event) => {
      if (closed || waiting.length >= MAX_WAITING) return options.onLost(event, closed ? 'closed' : 'too many wait')
      waiting.push(event)
      running ??= run()
    },
    close: async () => {
      closed = true
      await running
    },
  }
}

async function deliver(event: HookEvent, { deliver: post, secret, wait, onLost }: HookOptions, isClosed: () => boolean): Promise<void> {
  const body = JSON.stringify({ specversion: '1.0', datacontenttype: 'application/json', ...event })
  const headers = {
    'content-type': 'application/cloudevents+json',
    ...(secret === undefined ? {} : { 'x-countersign-signature': sign(body, secret) }),
  }
  let reason = ''
  for (const delayMs of [0, ...DELAYS_MS]) {
    if (delayMs > 0) await wait(delayMs)
    if (isClosed()) break
    try {
      const status = await post(body, headers)
      if (status >= 200 && status < 300) return
      reason = `status ${status}`
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error)
    }
  }
  onLost(event, reason || 'closed')
}

/** `sha256=` and the HMAC of the exact body in hexadecimal, as receivers of webhooks know it. */
function sign(body: string, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
}
