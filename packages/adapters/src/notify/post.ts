import { request } from 'node:https'
import type { LookupFunction } from 'node:net'
import type { DeliverHook } from './hook.ts'

const TIMEOUT_MS = 5_000

export interface PostOptions {
  readonly url: string
  /** Judges where the URL leads at each call, and gives the look-up that the connection must use (`dialer/guard`). */
  readonly judge: (url: URL) => Promise<LookupFunction | undefined>
  /** PEM; absent: the system's authorities. */
  readonly ca?: string
}

/** Posts to one HTTPS address, as far as that is judged to be fit; redirects are not followed. */
export function makePost({ url: text, judge, ca }: PostOptions): DeliverHook {
  const url = new URL(text)
  return async (body, headers) => {
    const lookup = await judge(url)
    return await new Promise((resolve, reject) => {
      const sent = request(url, {
        method: 'POST',
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(ca === undefined ? {} : { ca }),
        ...(lookup === undefined ? {} : { lookup }),
      })
      sent.on('error', reject)
      sent.on('response', (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      sent.end(body)
    })
  }
}
