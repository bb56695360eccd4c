import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a command wrote and how it ended. */
export interface Played {
  readonly code: number
  readonly output: string
}

/** What must be true of what was played; the demo ends at the first surprise. */
export interface Expected {
  /** Default 0. */
  readonly code?: number
  readonly shows?: RegExp
  /** Played again, unseen, until it is as expected or this much time has passed. Default: played once. */
  readonly withinMs?: number
}

/** The stage: prints each step as a person would type and see it, and checks its outcome. */
export interface Stage {
  readonly folder: string
  /** A heading and what it is about. */
  chapter(title: string, text: string): void
  /** Writes a file of the story, and shows it. */
  file(name: string, text: string): void
  /** Types a command line into a shell. */
  type(line: string, expected?: Expected): Promise<Played>
  /** Shows a line that is played by the demo itself, and what it came to. */
  play(line: string, run: () => Promise<Played>, expected?: Expected): Promise<Played>
}

/** How typed commands run: `env` is all that they see, and `signal` ends the one that runs. */
export interface Shell {
  readonly env: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/** Sets the stage in a folder. */
export function setStage(folder: string, shell: Shell, write: (text: string) => void): Stage {
  const play: Stage['play'] = async (line, run, expected = {}) => {
    shell.signal.throwIfAborted()
    write(`\n$ ${line}\n`)
    const played = await playUntil(run, expected)
    write(played.output.endsWith('\n') || played.output === '' ? played.output : `${played.output}\n`)
    const surprise = findSurprise(played, expected)
    if (surprise !== undefined) throw new Error(`Surprise: "${line}" ${surprise}`)
    return played
  }
  return {
    folder,
    chapter: (title, text) => write(`\n── ${title} ${'─'.repeat(Math.max(2, 96 - title.length))}\n${text}\n`),
    file: (name, text) => {
      writeFileSync(join(folder, name), text)
      write(`\n$ cat > ${name} << EOF\n${text}EOF\n`)
    },
    type: (line, expected) => play(line, () => runShell(line, { folder, ...shell }), expected),
    play,
  }
}

async function playUntil(run: () => Promise<Played>, expected: Expected): Promise<Played> {
  const deadline = Date.now() + (expected.withinMs ?? 0)
  for (;;) {
    const played = await run()
    if (findSurprise(played, expected) === undefined || Date.now() >= deadline) return played
  }
}

function findSurprise({ code, output }: Played, expected: Expected): string | undefined {
  const wanted = expected.code ?? 0
  if (code !== wanted) return `ended with ${code}, expected ${wanted}`
  return expected.shows === undefined || expected.shows.test(output) ? undefined : `shows nothing like ${expected.shows}`
}

function runShell(line: string, { folder, env, signal }: Shell & { readonly folder: string }): Promise<Played> {
  const shell = spawn('bash', ['-c', line], { cwd: folder, env: { ...env }, signal, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const keep = (chunk: Buffer): void => {
    output += chunk.toString()
  }
  shell.stdout.on('data', keep)
  shell.stderr.on('data', keep)
  return new Promise((resolve, reject) => {
    shell.once('error', reject)
    shell.once('close', (code) => resolve({ code: code ?? 128, output }))
  })
}
