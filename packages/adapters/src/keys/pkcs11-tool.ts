import { spawn } from 'node:child_process'
import type { StatusCode } from '@countersign/core/status.ts'
import { keyRefused, KeyRefusal, type NextSteps } from './refusal.ts'

const TIMEOUT_MS = 60_000
const MAX_BYTES = 1024 * 1024
/** The variable in which the PIN travels: unlike an argument, other users cannot read it. */
const PIN = 'COUNTERSIGN_PKCS11_PIN'

export interface TokenCall {
  /** The key's URI, for messages. */
  readonly key: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Logs in with it; absent: what is asked needs no login. */
  readonly pin?: string
  readonly input?: Uint8Array
}

/** Runs OpenSC's `pkcs11-tool` to its end and gives what it printed. */
export async function runPkcs11Tool({ key, args, env, pin, input = new Uint8Array() }: TokenCall): Promise<Buffer> {
  const login = pin === undefined ? [] : ['--login', '--pin', `env:${PIN}`]
  const { code, stdout, stderr } = await run(key, [...args, ...login], { env: pin === undefined ? env : { ...env, [PIN]: pin }, input })
  if (code === 0) return stdout
  const [, status, step = {}] = WORDS.find(([pattern]) => pattern.test(stderr)) ?? [/./, 'FAILED_PRECONDITION' as const]
  throw keyRefused(key, status, { said: saidBy(stderr), steps: step })
}

/** What the program says, and what is meant by it. */
const WORDS: readonly (readonly [RegExp, StatusCode, NextSteps?])[] = [
  [/CKR_PIN_LOCKED/, 'UNAUTHENTICATED', { UNAUTHENTICATED: 'the PIN is locked: the security officer must reset it' }],
  [/CKR_PIN_/, 'UNAUTHENTICATED', { UNAUTHENTICATED: 'the PIN is wrong; each try counts, and after a few the token locks itself' }],
  [/No slot with token named|No slots|invalid slot/i, 'NOT_FOUND', { NOT_FOUND: 'the tokens: pkcs11-tool --module MODULE --list-token-slots' }],
  [/object not found/i, 'NOT_FOUND', { NOT_FOUND: 'the keys: pkcs11-tool --module MODULE --token-label TOKEN --login --list-objects' }],
  [/Failed to load pkcs11 module/, 'INVALID_ARGUMENT', { INVALID_ARGUMENT: 'name the token’s own module with module-path=/path/to/module.so' }],
]

/** The program's own error; before it come words on its mechanism. */
function saidBy(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line !== '' && line !== 'Aborting.' && !line.startsWith('Using '))
  return lines.at(0) ?? ''
}

interface Ended {
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: string
}

function run(key: string, args: readonly string[], { env, input }: { readonly env: TokenCall['env']; readonly input: Uint8Array }): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn('pkcs11-tool', args, { env, stdio: ['pipe', 'pipe', 'pipe'], timeout: TIMEOUT_MS, killSignal: 'SIGKILL' })
    const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
    let length = 0
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].on('data', (chunk: Buffer) => {
        length += chunk.length
        if (length > MAX_BYTES) child.kill('SIGKILL')
        else chunks[stream].push(chunk)
      })
    }
    child.on('error', (cause) =>
      reject(new KeyRefusal('FAILED_PRECONDITION', { key, reason: 'the program pkcs11-tool cannot be run: install OpenSC', cause })),
    )
    child.on('close', (code) => resolve({ code, stdout: Buffer.concat(chunks.stdout), stderr: Buffer.concat(chunks.stderr).toString('utf8') }))
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
}
