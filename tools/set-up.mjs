import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { relay } from '../packages/countersign/bin/relay.mjs'

/** The checkout's root folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

const oldestNode = 20
const ownNodeMajor = 26

/** A failure that the person at the terminal can mend. Its message says how. */
export class SetUpError extends Error {}

/**
 * Brings the checkout to the state its lock file describes, and gives the path of its Node 26.
 * Does nothing, in some ten milliseconds, when it is there already. Touches only `node_modules`.
 *
 * @param {(line: string) => void} say progress, one line each
 * @returns {Promise<string>}
 */
export async function setUp(say) {
  refuseOldNode()
  if (!isInstalled(root)) await install(root, say)
  return findOwnNode()
}

/**
 * Sets up, then runs `script` (a file URL) again under the checkout's Node 26 unless it runs there already.
 *
 * @param {string} script
 * @param {() => Promise<number>} main what to do once Node is right; gives the exit code
 */
export async function runUnderOwnNode(script, main) {
  try {
    const node = await setUp((line) => process.stderr.write(`${line}\n`))
    const isOwn = majorOf(process.versions.node) >= ownNodeMajor
    process.exitCode = isOwn ? await main() : await relay(node, [fileURLToPath(script), ...process.argv.slice(2)])
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}

/**
 * Whether a folder's `node_modules` holds what its `package-lock.json` names. npm records what it laid down in
 * `node_modules/.package-lock.json`, last of all, so that an install that was cut short counts as none.
 *
 * @param {string} folder
 * @returns {boolean}
 */
export function isInstalled(folder) {
  const record = join(folder, 'node_modules', '.package-lock.json')
  if (!existsSync(record)) return false
  const wanted = readPackages(join(folder, 'package-lock.json'))
  const present = readPackages(record)
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith('node_modules/')) return true
    const laid = present[path]
    if (laid === undefined) return entry.optional === true
    return laid.version === entry.version && laid.integrity === entry.integrity
  })
}

/**
 * `npm ci` in a folder, its output kept back unless it fails.
 *
 * @param {string} folder
 * @param {(line: string) => void} say
 */
export async function install(folder, say) {
  say(`Installing the packages of ${join(folder, 'package-lock.json')} (npm ci) …`)
  const started = Date.now()
  const { code, output } = await runQuietly('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], folder)
  if (code !== 0) {
    throw new SetUpError(
      `Cannot install packages: npm ci ended with code ${code}\n${gist(output)}\n` +
        'Next: check that this machine reaches the npm registry ("npm ping"), then run the same command again',
    )
  }
  say(`Installed in ${((Date.now() - started) / 1000).toFixed(0)} s`)
}

/** npm says what is wrong first; stack traces and advice about proxies follow. */
function gist(output) {
  const lines = output.trim().split('\n')
  return lines
    .filter((line) => !/^npm error(\s+at .*|\s*)$/.test(line))
    .slice(0, 8)
    .join('\n')
}

function refuseOldNode() {
  if (majorOf(process.versions.node) >= oldestNode) return
  throw new SetUpError(
    `Cannot set up Countersign: this is Node.js ${process.versions.node}, expected ${oldestNode} or newer\n` +
      "Next: install a newer Node.js from your system's packages or nodejs.org; Countersign then brings its own Node.js 26",
  )
}

function findOwnNode() {
  const own = join(root, 'node_modules', '.bin', 'node')
  for (const candidate of [own, process.execPath]) {
    const probe = spawnSync(candidate, ['--version'], { encoding: 'utf8' })
    if (probe.status === 0 && majorOf(probe.stdout.slice(1)) >= ownNodeMajor) return candidate
  }
  throw new SetUpError(
    `Cannot find Node.js ${ownNodeMajor} for ${process.platform} on ${process.arch}: npm carries it for Linux (glibc) and macOS only\n` +
      `Next: install Node.js ${ownNodeMajor} or newer by other means and run the same command with it`,
  )
}

function readPackages(lockFile) {
  return JSON.parse(readFileSync(lockFile, 'utf8')).packages
}

function runQuietly(program, args, cwd) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const collect = (chunk) => {
      output = (output + chunk).slice(-20_000)
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.once('error', (error) => resolve({ code: 127, output: error.message }))
    child.once('close', (code) => resolve({ code: code ?? 1, output }))
  })
}

function majorOf(version) {
  return Number.parseInt(version, 10)
}
