import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { runBounded } from './bounded-run.mjs'
import { findPart } from './parts.mjs'
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
    exclude: ['test/layers/**', 'test/cluster/**', '**/node_modules/**'],
    flags: ['--test-isolation=process', '--test-concurrency=2', '--test-timeout=240000'],
    deadlineMs: 1_500_000,
  },
  // One process, because all share one control plane.
  cluster: {
    title: 'tests, cluster',
    include: ['test/cluster/**/*.test.ts'],
    exclude: [],
    flags: ['--test-isolation=none', '--test-timeout=240000'],
    deadlineMs: 1_800_000,
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
    const run = await runNodeTest(group, files, results)
    const lines = readLines(results)
    const failures = lines.filter((line) => line.outcome === 'failed')
    const complaint = complaintOf(run, { files, lines, group })
    if (complaint !== undefined) failures.push({ outcome: 'failed', name: 'the run as a whole', file: '', error: `${complaint}\n${run.output}` })
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
  const command = [process.execPath, '--test', ...group.flags, ...reporter, ...files]
  return runBounded(command, { cwd: root, env: testEnvironment(), deadlineMs: group.deadlineMs })
}

/** Tests must see the same world on every machine: no settings of the person who runs them, no colours, no cloud look-ups. */
function testEnvironment() {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(COUNTERSIGN_|CLOUDSDK_|FORCE_COLOR$|NODE_OPTIONS$|NODE_TEST_CONTEXT$|npm_)/.test(name),
  )
  return { ...Object.fromEntries(own), PATH: testPath(), NO_COLOR: '1', METADATA_SERVER_DETECTION: 'none' }
}

/** Tests that ask the PATH for openssl get one that knows every algorithm, where it can be had. */
function testPath() {
  const openssl = findPart('openssl-3.5')
  return openssl.found ? [dirname(openssl.path), process.env.PATH].join(delimiter) : process.env.PATH
}

/** What is wrong with the run itself, where no single test tells it; undefined when nothing is. */
function complaintOf(run, { files, lines, group }) {
  if (run.late) return `not ended after ${group.deadlineMs / 1000} s: a test waits, or leaves something open`
  if (lines.length === 0 && run.ok) return `no test reported, of ${files.length} files`
  return run.ok || lines.some((line) => line.outcome === 'failed') ? undefined : run.end
}

function readLines(file) {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  // A run that was ended may leave half a line at the end.
  if (lines.at(-1) !== '') lines.pop()
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line))
}
