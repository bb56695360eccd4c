import { spawn } from 'node:child_process'
import { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fetch } from '@countersign/adapters/registry/fetch.ts'
import { sendOverHttp } from '@countersign/adapters/http-send.ts'
import { makeFiles } from './process-files.ts'
import { printable, type RunProgram, type Terminal, UsageError } from './terminal.ts'

const MAX_INPUT_BYTES = 64 * 1024 * 1024

/** The real terminal: with `process-files.ts` the only place of the hand tool that touches the process. */
export function processTerminal(): Terminal {
  const cwd = process.cwd()
  // Whoever reads us may have read enough: `… list | head -1`.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  return {
    env: process.env,
    cwd,
    interactive: process.stdout.isTTY === true,
    files: makeFiles(cwd),
    send: sendOverHttp,
    fetch: async (url, init) => await (await registryFetch())(url, init),
    runProgram,
    now: () => Date.now(),
    sleep: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }),
    ended,
    random: () => Math.random(),
    write: (text) => void process.stdout.write(text),
    say: (text) => void process.stderr.write(`${printable(text)}\n`),
    readInput: readStandardInput,
    ask,
    askSecret,
  }
}

/** Loaded when a registry is first asked: most commands ask none. */
let fetchOfRegistries: Promise<Fetch> | undefined
function registryFetch(): Promise<Fetch> {
  fetchOfRegistries ??= import('@countersign/adapters/registry/fetch-with.ts').then(({ makeFetch }) => makeFetch(process.env))
  return fetchOfRegistries
}

/** The first process of a container hears no signal that it did not ask for. */
function ended(): AbortSignal {
  const end = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => end.abort())
  return end.signal
}

async function readStandardInput(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > MAX_INPUT_BYTES) throw new UsageError(`Cannot read standard input: it has more than ${MAX_INPUT_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function ask(question: string): Promise<string | undefined> {
  if (process.stdin.isTTY !== true) return undefined
  const { createInterface } = await import('node:readline/promises')
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await lines.question(printable(`${question} `))
  } finally {
    lines.close()
  }
}

/** The line editor switches the terminal's own echo off and echoes to its output, which goes nowhere. */
async function askSecret(question: string): Promise<string | undefined> {
  if (process.stdin.isTTY !== true) return undefined
  const { createInterface } = await import('node:readline/promises')
  process.stderr.write(printable(`${question} `))
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  // Ctrl-C ends the program, as it does everywhere else.
  lines.on('SIGINT', () => {
    lines.close()
    process.kill(process.pid, 'SIGINT')
  })
  try {
    return await lines.question('')
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}

const runProgram: RunProgram = (name, args, input) =>
  new Promise((resolve, reject) => {
    const child = spawn(name, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    const stdout: Uint8Array[] = []
    const stderr: Uint8Array[] = []
    child.stdout.on('data', (chunk: Uint8Array) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Uint8Array) => stderr.push(chunk))
    child.on('error', (error) => reject(new UsageError(`Cannot run ${name}: ${error.message}`)))
    child.on('close', (code) => resolve({ code: code ?? 128, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('utf8') }))
    // A program that ends without reading its input is judged by its exit code.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
