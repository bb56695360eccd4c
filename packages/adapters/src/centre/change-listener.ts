import type { IncomingMessage } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { GateLog } from '@countersign/gate/surroundings.ts'
import type { CentreClient } from './client.ts'
import { type CentrePlace, pathOf } from './world-source.ts'

/** Three heartbeats of the centre: a connection that is silent for longer is none. */
const SILENT_MS = 30_000
const FIRST_PAUSE_MS = 200
const MAX_PAUSE_MS = 10_000
const MAX_EVENT_LENGTH = 1024 * 1024

export interface ListenerOptions {
  readonly client: CentreClient
  readonly place: CentrePlace
  /** Something changed up to `position`; the feed is to be read. */
  readonly onChange: (position: number) => void
  /** From 0 up to, not including, 1: gates that lost one centre together do not come back together. */
  readonly random: () => number
  readonly log: GateLog
}

/** Listens to the centre's change feed until closed, again and again after growing pauses. It only wakes: what holds is read from the feed. */
export function listenToCentre(options: ListenerOptions): { readonly close: () => void } {
  const stop = new AbortController()
  void listen(options, stop.signal)
  return { close: () => stop.abort() }
}

async function listen(options: ListenerOptions, signal: AbortSignal): Promise<void> {
  let pauseMs = FIRST_PAUSE_MS
  let lost = false
  let cursor: number | undefined
  while (!signal.aborted) {
    try {
      const stream = await options.client.openEvents(`${pathOf(options.place)}/changes`, cursor)
      for await (const { event, position } of readEvents(stream, signal)) {
        if (lost) options.log.info('The centre is heard again', { position })
        lost = false
        pauseMs = FIRST_PAUSE_MS
        cursor = position
        if (event !== 'heartbeat') options.onChange(position)
      }
    } catch (cause) {
      if (!lost && !signal.aborted) options.log.info('The centre is not heard: its feed is polled until it is', { cause: String(cause) })
      lost = true
    }
    await delay(pauseMs * (0.5 + options.random() / 2), undefined, { signal, ref: false }).catch(() => undefined)
    pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)
  }
}

interface FeedEvent {
  readonly event: string
  readonly position: number
}

/** The events of a stream, as far as a wake-up needs them: each ends with an empty line and has `id` and `event` in lines of their own. */
async function* readEvents(stream: IncomingMessage, signal: AbortSignal): AsyncGenerator<FeedEvent> {
  const end = (): void => void stream.destroy()
  signal.addEventListener('abort', end)
  stream.setTimeout(SILENT_MS, () => stream.destroy(new Error(`nothing was heard for ${SILENT_MS / 1000} seconds`)))
  stream.setEncoding('utf8')
  let text = ''
  try {
    for await (const chunk of stream as AsyncIterable<string>) {
      text += chunk
      for (let cut = text.indexOf('\n\n'); cut >= 0; cut = text.indexOf('\n\n')) {
        const found = parseEvent(text.slice(0, cut))
        text = text.slice(cut + 2)
        if (found !== undefined) yield found
      }
      if (text.length > MAX_EVENT_LENGTH) throw new Error(`an event is longer than ${MAX_EVENT_LENGTH} characters`)
    }
  } finally {
    signal.removeEventListener('abort', end)
    stream.destroy()
  }
}

function parseEvent(text: string): FeedEvent | undefined {
  const id = /^id: ([0-9]{1,15})$/m.exec(text)?.[1]
  const event = /^event: ([a-z]{1,20})$/m.exec(text)?.[1]
  return id === undefined || event === undefined ? undefined : { event, position: Number(id) }
}
