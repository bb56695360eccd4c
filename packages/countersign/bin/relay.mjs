import { spawn } from 'node:child_process'
import { constants } from 'node:os'

const forwarded = ['SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGINT']

/**
 * Runs a program in this one's place: same terminal, same environment; signals are passed on, and its end is our end.
 * Resolves to the exit code (128 + n for a child that signal n ended, as shells count).
 *
 * A Ctrl-C at a terminal already reaches every process of the foreground group. It is not passed on a second time,
 * because programs take a second one for impatience and stop without draining.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @returns {Promise<number>}
 */
export function relay(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit' })
    const handlers = forwarded.map((signal) => [signal, () => passOn(child, signal)])
    for (const [signal, handler] of handlers) process.on(signal, handler)
    const settle = () => {
      for (const [signal, handler] of handlers) process.off(signal, handler)
    }
    child.once('error', (cause) => {
      settle()
      reject(new Error(`Cannot start ${program}: ${cause.message}`, { cause }))
    })
    child.once('exit', (code, signal) => {
      settle()
      resolve(code ?? 128 + constants.signals[signal])
    })
  })
}

function passOn(child, signal) {
  if (signal === 'SIGINT' && process.stdin.isTTY) return
  child.kill(signal)
}
