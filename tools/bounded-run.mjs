import { spawn } from 'node:child_process'
import { stripVTControlCharacters } from 'node:util'

const interrupts = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Runs a program to its end and keeps its output. It gets a process group of its own, so that neither it nor its children
 * outlive the deadline, an interrupt, or this process.
 *
 * @param {readonly string[]} command
 * @param {{ cwd: string, env: Record<string, string | undefined>, deadlineMs: number }} options
 * @returns {Promise<{ ok: boolean, late: boolean, end: string, output: string }>} `end` says how it ended, in words;
 *   `output` is the first 8,000 characters and the last 8,000 of what it wrote
 */
export function runBounded([program, ...args], { cwd, env, deadlineMs }) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    const output = keepEnds(child, 8_000)
    const guard = guardGroup(child, deadlineMs)
    child.once('error', (error) => {
      guard.release()
      resolve({ ok: false, late: false, end: `cannot start ${program}: ${error.message}`, output: '' })
    })
    child.once('close', (code, signal) => {
      guard.release()
      resolve({ ok: code === 0, late: guard.late(), end: `ended with ${signal ?? `code ${code}`}`, output: output() })
    })
  })
}

function guardGroup(child, deadlineMs) {
  let late = false
  const endGroup = () => killGroup(child.pid)
  const leave = () => process.exit(1)
  process.once('exit', endGroup)
  for (const signal of interrupts) process.once(signal, leave)
  const deadline = setTimeout(() => {
    late = true
    endGroup()
  }, deadlineMs)
  const release = () => {
    clearTimeout(deadline)
    process.off('exit', endGroup)
    for (const signal of interrupts) process.off(signal, leave)
  }
  return { release, late: () => late }
}

function killGroup(pid) {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

function keepEnds(child, size) {
  let head = ''
  let tail = ''
  const keep = (chunk) => {
    const room = size - head.length
    head += chunk.slice(0, room)
    tail = (tail + chunk.slice(room)).slice(-size)
  }
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', keep)
  // Some programs colour their output in CI whatever NO_COLOR says.
  return () => stripVTControlCharacters(head + tail)
}
