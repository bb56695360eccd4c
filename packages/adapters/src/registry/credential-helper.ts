import { spawn } from 'node:child_process'
import { StatusError } from '@countersign/core/status.ts'
import type { CredentialHelper, Credentials } from './credentials.ts'

const TIMEOUT_MS = 30_000
const MAX_BYTES = 64 * 1024

/** Runs `docker-credential-NAME get` from the PATH, with the server's address on its standard input and no shell in between. */
export const runCredentialHelper: CredentialHelper = async (name, server) => {
  const { code, output } = await run(`docker-credential-${name}`, server)
  if (code === 0) return parseAnswer(name, output)
  // The protocol has no code for "none kept": every helper prints this sentence.
  if (output.includes('credentials not found')) return undefined
  throw failed(name, `it ended with code ${code}`)
}

function run(program: string, input: string): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'], timeout: TIMEOUT_MS, killSignal: 'SIGKILL' })
    const chunks: Buffer[] = []
    let length = 0
    child.stdout.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > MAX_BYTES) child.kill('SIGKILL')
      else chunks.push(chunk)
    })
    child.on('error', (cause) => reject(failed(program.slice('docker-credential-'.length), 'it cannot be run', cause)))
    child.on('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString('utf8') }))
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
}

function parseAnswer(name: string, output: string): Credentials {
  const answer = parseJson(output)
  const { Username: username, Secret: secret } = answer ?? {}
  if (typeof username !== 'string' || typeof secret !== 'string') throw failed(name, 'its answer is not {"Username", "Secret"}')
  return username === '<token>' ? { kind: 'IDENTITY_TOKEN', token: secret } : { kind: 'PASSWORD', username, password: secret }
}

function parseJson(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

function failed(name: string, why: string, cause?: unknown): StatusError {
  return new StatusError('FAILED_PRECONDITION', `Cannot ask the credential helper "docker-credential-${name}": ${why}`, { cause })
}
