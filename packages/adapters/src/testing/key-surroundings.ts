import { readFile } from 'node:fs/promises'
import { type HttpAnswer, type HttpRequest, sendOverHttp } from '../http-send.ts'
import type { KeySurroundings } from '../keys/opened-key.ts'

/** Surroundings over the real network and real files, with this environment and nobody at the terminal. */
export function makeKeySurroundings(env: Readonly<Record<string, string>>, overrides: Partial<KeySurroundings> = {}): KeySurroundings {
  return {
    env,
    send: sendOverHttp,
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
export async function sendTo(request: HttpRequest, hosts: Readonly<Record<string, string>>): Promise<HttpAnswer> {
  const url = new URL(request.url)
  return await sendOverHttp({ ...request, url: new URL(`${url.pathname}${url.search}`, hosts[url.host] ?? url).href })
}
