import { spawn } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './set-up.mjs'

/**
 * The groups of test files. Pure ones share one process, which is many times faster than a process a file and safe for
 * code that has no globals. The others get a process each, two at a time, because they open sockets, databases and children.
 */
export const groups = {
  pure: {
    title: 'tests, pure',
    include: ['packages/{core,advisories,evidence,api,gate,service}/src/**/*.test.ts', 'test/layers/**/*.test.ts'],
    exclude: [],
    flags: ['--test-isolation=none'],
    deadlineMs: 240_000,
  },
  real: {
    title: 'tests, real parts',
    include: ['packages/{adapters,server,cli,console,countersign}/src/**/*.test.ts', 'test/**/*.test.ts', '{tools,packages/*/bin}/*.test.mjs'],
    exclude: ['test/layers/**', '**/node_modules/**'],
    flags: ['--test-isolation=process', '--test-concurrency=2', '--test-timeout=240000'],
    deadlineMs: 1_500_000,
  },
}

/**
 * Runs a group with node:test under this process's Node.
 *
 * @param {{ include: string[], exclude: string[], flags: string[], deadlineMs: number, folder?: string }} group
 *   `folder` is where `include` looks; the checkout, unless a test of this file says otherwise
 * @returns {Promise<{ passed: number, failures: object[], skips: object[] }>} what ended, as the reporter's lines
 */
export async function runTests(group) {
  const base = group.folder ?? root
  const files = globSync(group.include, { cwd: base, exclude: group.exclude })
    .map((file) => join(base, file))
    .sort()
  if (files.length === 0) return { passed: 0, failures: [], skips: [] }
  const folder = mkdtempSync(join(tmpdir(), 'countersign-tests-'))
  try {
    const results = join(folder, 'results.jsonl')
    const end = await runNodeTest(group, files, results)
    const lines = readLines(results)
    const failures = lines.filter((line) => line.outcome === 'failed')
    if (lines.length === 0 && end.complaint === '') end.complaint = `no test reported, of ${files.length} files`
    if (end.complaint !== '' && (failures.length === 0 || end.late)) failures.push(wholeRun(end))
    return {
      passed: lines.filter((line) => line.outcome === 'passed').length,
      failures,
      skips: lines.filter((line) => line.outcome === 'skipped'),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function runNodeTest(group, files, results) {
  const reporter = ['--test-reporter=./tools/test-reporter.mjs', `--test-reporter-destination=${results}`]
  return new Promise((resolve) => {
    // A process group of its own, so that the deadline ends the files' processes too.
    const child = spawn(process.execPath, ['--test', ...group.flags, ...reporter, ...files], {
      cwd: root,
      env: testEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    let output = ''
    let late = false
    const collect = (chunk) => {
      output = (output + chunk).slice(-8_000)
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    const stop = () => endGroup(child.pid)
    process.once('exit', stop)
    const interrupts = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => [signal, () => process.exit(1)])
    for (const [signal, handler] of interrupts) process.once(signal, handler)
    const deadline = setTimeout(() => {
      late = true
      stop()
    }, group.deadlineMs)
    child.once('close', (code, signal) => {
      clearTimeout(deadline)
      process.off('exit', stop)
      for (const [name, handler] of interrupts) process.off(name, handler)
      const lateness = `not ended after ${group.deadlineMs / 1000} s: a test waits, or leaves something open`
      resolve({ late, output, complaint: late ? lateness : code === 0 ? '' : `ended with ${signal ?? `code ${code}`}` })
    })
  })
}

/** Tests must see the same world on every machine: no settings of the person who runs them, no colours, no cloud look-ups. */
function testEnvironment() {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(COUNTERSIGN_|CLOUDSDK_|FORCE_COLOR$|NODE_OPTIONS$|NODE_TEST_CONTEXT$|npm_)/.test(name),
  )
  return { ...Object.fromEntries(own), NO_COLOR: '1', METADATA_SERVER_DETECTION: 'none' }
}

function endGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

function wholeRun({ complaint, output }) {
  return { outcome: 'failed', name: 'the run as a whole', file: '', error: `${complaint}\n${output}` }
}

function readLines(file) {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  // A run that was ended may leave half a line at the end.
  if (lines.at(-1) !== '') lines.pop()
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line))
}
