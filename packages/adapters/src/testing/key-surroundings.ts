import { readFile } from 'node:fs/promises'
import type { KeyAnswer, KeyRequest, KeySurroundings } from '../keys/opened-key.ts'

/** Surroundings over the real network and real files, with this environment and nobody at the terminal. */
export function makeKeySurroundings(env: Readonly<Record<string, string>>, overrides: Partial<KeySurroundings> = {}): KeySurroundings {
  return {
    env,
    send: sendByFetch,
    readFile: async (path) => await readFile(path),
    runProgram: async (name) => {
      throw new Error(`no program ${name}`)
    },
    askSecret: async () => undefined,
    now: () => Date.parse('2026-01-31T12:00:00Z'),
    ...overrides,
  }
}

/** Sends for real; a host of the map goes to the origin that stands for it. */
export async function sendByFetch(request: KeyRequest, hosts: Readonly<Record<string, string>> = {}): Promise<KeyAnswer> {
  const url = new URL(request.url)
  const target = new URL(`${url.pathname}${url.search}`, hosts[url.host] ?? url)
  const { method, headers, body } = request
  const answer = await fetch(target, { method, headers, redirect: 'manual', ...(body === undefined ? {} : { body: Buffer.from(body) }) })
  return { status: answer.status, headers: Object.fromEntries(answer.headers), body: new Uint8Array(await answer.arrayBuffer()) }
}
