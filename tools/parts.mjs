import { spawn, spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The real programs that tests drive. `debian` names the package that `npm test` unpacks where the machine lacks the
 * program; a part without it is used where it happens to be and never fetched. `suite` is set where the machine's own
 * suite does not carry the package, `libraries` where it must bring its own, down to the C library and its loader;
 * `program` where it is not called like the part. `probe` are arguments that must end with code 0: a file that is there but does not
 * run (a library is missing, another architecture) is no part.
 */
const catalogue = {
  'docker-registry': { debian: 'docker-registry', probe: ['--version'] },
  skopeo: { debian: 'skopeo', probe: ['--version'] },
  umoci: { debian: 'umoci', probe: ['--version'] },
  busybox: { debian: 'busybox-static', probe: ['true'] },
  cosign: { debian: 'cosign', suite: 'trixie', probe: ['version'] },
  openssl: { debian: 'openssl', probe: ['version'] },
  // The first openssl that knows ML-DSA. It wants a newer C library than Debian 12 has, so it brings its own.
  'openssl-3.5': {
    program: 'openssl',
    debian: 'openssl',
    libraries: ['libssl3t64', 'libc6', 'libzstd1', 'zlib1g'],
    suite: 'trixie',
    probe: ['genpkey', '-algorithm', 'ML-DSA-65'],
  },
  curl: { debian: 'curl', probe: ['--version'] },
  // Not unpacked: gpg looks for its agent at the path it was compiled for.
  gpg: { probe: ['--version'], hint: 'apt-get install gnupg' },
  gpgconf: { probe: ['--version'], hint: 'apt-get install gnupg' },
  rpm: { debian: 'rpm', probe: ['--version'] },
  'softhsm2-util': { debian: 'softhsm2', probe: ['--version'] },
  // Without a probe: it has no argument that ends with code 0 and needs no token.
  'pkcs11-tool': { debian: 'opensc' },
  // Without a probe: it has no arguments, and serves at once.
  'local-kms': { hint: 'go install github.com/nsmithuk/local-kms@latest' },
  strace: { debian: 'strace', probe: ['--version'] },
  // Not unpacked: it is a hundred packages.
  chromium: { probe: ['--version'], hint: 'apt-get install chromium' },
  // Without a probe: it needs a second to say its version, and it is a script that runs wherever it is.
  gcloud: {},
}

const partNames = Object.keys(catalogue)

const found = new Map()

/**
 * Finds a program on PATH or among the unpacked parts, and makes sure that it runs. Remembers the answer for this process.
 *
 * @param {string} name a name of the catalogue
 * @returns {{ found: true, name: string, path: string, env: Record<string, string> } | { found: false, name: string, reason: string }}
 */
export function findPart(name) {
  const part = catalogue[name]
  if (part === undefined) throw new Error(`Cannot find part "${name}": expected one of ${partNames.join(', ')}`)
  const answer = found.get(name) ?? look(name, part)
  found.set(name, answer)
  return answer
}

/**
 * Unpacks what this machine lacks into the cache folder (`$XDG_CACHE_HOME` or `~/.cache`, below `countersign/parts`), one
 * folder a suite and architecture. Never fails: a part that cannot be had is said, and the tests that need it are skipped.
 *
 * @param {(line: string) => void} say
 */
export async function installParts(say) {
  const missing = partNames.filter((name) => catalogue[name].debian !== undefined && !findPart(name).found)
  if (missing.length === 0) return
  const own = ownSuite()
  if (own === undefined) {
    say(`Not fetched: ${missing.join(', ')} (this machine is not a Debian with apt-get)`)
    return
  }
  const byFolder = Map.groupBy(missing, (name) => folderOf(name, own))
  for (const [folder, names] of byFolder) await installInto(folder, names, { own, say })
}

async function installInto(folder, names, { own, say }) {
  const suite = catalogue[names[0]].suite ?? own
  say(`Unpacking ${names.join(', ')} of Debian ${suite} into ${folder} …`)
  const packages = names.flatMap((name) => [catalogue[name].debian, ...(catalogue[name].libraries ?? [])])
  const failure = await unpack(suite, folder, packages)
  for (const name of names) {
    if (failure === '' && catalogue[name].libraries !== undefined) writeLauncher(folder, catalogue[name].program)
    found.delete(name)
  }
  const absent = names.filter((name) => !findPart(name).found)
  if (absent.length > 0) say(`Not to be had: ${absent.join(', ')}${failure === '' ? '' : ` (${failure})`}`)
}

/** A program that brings its own C library is started through that library's loader. */
function writeLauncher(folder, program) {
  const [libraries] = multiarchFolders(join(folder, 'usr/lib'))
  const loader = libraries === undefined ? undefined : readdirSync(libraries).find((name) => name.startsWith('ld-linux'))
  if (loader === undefined) return
  const launcher = join(folder, 'launch', program)
  mkdirSync(dirname(launcher), { recursive: true })
  writeFileSync(launcher, `#!/bin/sh\nexec '${join(libraries, loader)}' --library-path '${libraries}' '${join(folder, 'usr/bin', program)}' "$@"\n`, {
    mode: 0o755,
  })
}

function look(name, part) {
  const folders = (process.env.PATH ?? '').split(delimiter).map((folder) => ({ folder, env: {} }))
  const own = ownSuite()
  if (own !== undefined && part.debian !== undefined) folders.push(...unpackedFolders(part, folderOf(name, own)))
  for (const { folder, env } of folders) {
    const path = join(folder, part.program ?? name)
    if (isExecutable(path) && runs(path, part.probe, env)) return { found: true, name, path, env }
  }
  const hint = part.debian === undefined ? part.hint : 'npm test unpacks it where apt-get reaches a Debian mirror'
  return { found: false, name, reason: `no ${name} on this machine${hint === undefined ? '' : ` (${hint})`}` }
}

function unpackedFolders(part, base) {
  if (!existsSync(base)) return []
  if (part.libraries !== undefined) return [{ folder: join(base, 'launch'), env: {} }]
  const libraries = ['usr/lib', 'lib'].flatMap((folder) => multiarchFolders(join(base, folder)))
  const env = libraries.length === 0 ? {} : { LD_LIBRARY_PATH: libraries.join(delimiter) }
  return ['usr/bin', 'bin', 'usr/sbin', 'sbin'].map((folder) => ({ folder: join(base, folder), env }))
}

function multiarchFolders(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.includes('-linux-gnu'))
    .map((name) => join(folder, name))
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function runs(path, probe, env) {
  if (probe === undefined) return true
  return spawnSync(path, probe, { env: { ...process.env, ...env }, stdio: 'ignore', timeout: 20_000 }).status === 0
}

function folderOf(name, own) {
  const { suite = own, libraries } = catalogue[name]
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  return join(cache, 'countersign', 'parts', `${suite}-${process.arch}${libraries === undefined ? '' : `-${name}`}`)
}

function ownSuite() {
  if (!existsSync('/usr/bin/apt-get') || !existsSync('/etc/os-release')) return undefined
  const release = readFileSync('/etc/os-release', 'utf8')
  if (!/^ID=debian$/m.test(release)) return undefined
  return /^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1]
}

function unpack(suite, folder, packages) {
  const script = fileURLToPath(new URL('debian-bin.sh', import.meta.url))
  return new Promise((resolve) => {
    const child = spawn('sh', [script, suite, folder, ...packages], { stdio: ['ignore', 'ignore', 'pipe'] })
    let complaint = ''
    child.stderr.on('data', (chunk) => {
      complaint = (complaint + chunk).slice(-4_000)
    })
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code) => resolve(code === 0 ? '' : (complaint.trim().split('\n').at(-1) ?? `code ${code}`)))
  })
}
