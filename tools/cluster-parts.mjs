import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { runBounded } from './bounded-run.mjs'
import { root } from './set-up.mjs'

/*
 * The control plane of a real Kubernetes, built from source: nobody ships kube-apiserver in a form that npm or Debian carry. Versions are those
 * of `test/cluster/tools/go.mod`, contents those of its go.sum, so that what is built is what the Go checksum database saw. Binaries are kept outside
 * the tree, in a folder named after the versions; a build that was cut short goes on where it was, because Go caches what it compiled.
 */
const kubernetes = join(root, 'test', 'cluster', 'tools')
const helm = join(root, 'test', 'cluster', 'helm')
const oldestGo = [1, 26]
const deadlineMs = 25 * 60_000
const heartbeatMs = 60_000
/** How Go says that it does not get a module. */
const unreachable = /.*(?:dial tcp|i\/o timeout|connection refused|no such host|40[34] Not Found|410 Gone|50[0-9] ).*/

/** In the order of building: what each compiles, the next ones need as well. Helm has a module of its own, because it wants other versions. */
const programs = {
  etcd: { module: kubernetes, package: 'go.etcd.io/etcd/server/v3' },
  'kube-apiserver': { module: kubernetes, package: 'k8s.io/kubernetes/cmd/kube-apiserver' },
  'kube-controller-manager': { module: kubernetes, package: 'k8s.io/kubernetes/cmd/kube-controller-manager' },
  'kube-scheduler': { module: kubernetes, package: 'k8s.io/kubernetes/cmd/kube-scheduler' },
  kubectl: { module: kubernetes, package: 'k8s.io/kubernetes/cmd/kubectl' },
  helm: { module: helm, package: 'helm.sh/helm/v3/cmd/helm' },
}

/**
 * The path of a program of the control plane, or undefined where it was not built yet.
 *
 * @param {string} name
 * @returns {string | undefined}
 */
export function findClusterPart(name) {
  if (programs[name] === undefined) throw new Error(`Cannot find "${name}": expected one of ${Object.keys(programs).join(', ')}`)
  const path = join(folderOf(programs[name].module), name)
  return existsSync(path) ? path : undefined
}

/**
 * Builds what is missing.
 *
 * @param {(line: string) => void} say progress, one line each
 * @returns {Promise<{ outcome: 'ready' } | { outcome: 'unavailable' | 'failed', reason: string }>} `unavailable` where this machine
 *   cannot build it and nothing is broken
 */
export async function buildClusterParts(say) {
  const missing = Object.keys(programs).filter((name) => findClusterPart(name) === undefined)
  if (missing.length === 0) return { outcome: 'ready' }
  const go = findGo()
  if (!go.found) return { outcome: 'unavailable', reason: go.reason }
  say(`Building ${missing.join(', ')} (Kubernetes ${versions().kubernetes}) into ${cacheFolder()}: about 15 CPU minutes from nothing, once …`)
  for (const name of missing) {
    const failure = await build(name, say)
    if (failure !== undefined) return failure
  }
  return { outcome: 'ready' }
}

/** Builds beside its place and moves it there, so that a file that is there is whole. Gives why it could not: what this machine does not get, and what is too much
 * for it, is no fault of the sources. */
async function build(name, say) {
  const { module, package: what } = programs[name]
  const folder = folderOf(module)
  mkdirSync(folder, { recursive: true })
  const started = Date.now()
  const elapsed = () => `${Math.round((Date.now() - started) / 1000)} s`
  const heartbeat = setInterval(() => say(`  ${name}: still building, ${elapsed()}`), heartbeatMs)
  const partial = join(folder, `${name}.${process.pid}.partial`)
  const command = ['nice', '-n', '19', 'go', 'build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', linkerFlags(), '-o', partial, what]
  const run = await runBounded(command, { cwd: module, env: { ...process.env, CGO_ENABLED: '0' }, deadlineMs })
  clearInterval(heartbeat)
  if (run.late) return { outcome: 'unavailable', reason: `${name} was not built within ${deadlineMs / 60_000} minutes` }
  if (!run.ok) {
    const unreached = unreachable.exec(run.output)?.[0]
    if (unreached !== undefined) return { outcome: 'unavailable', reason: `${name} was not built: ${unreached}` }
    return { outcome: 'failed', reason: `${name}: ${run.end}\n${run.output.trim()}` }
  }
  renameSync(partial, join(folder, name))
  say(`  ${name}: built in ${elapsed()}`)
  return undefined
}

/** Without a version the programs call themselves v0.0.0 and kubectl complains. */
function linkerFlags() {
  const version = versions().kubernetes
  const [major, minor] = version.slice(1).split('.')
  const values = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' }
  const settings = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((variables) =>
    Object.entries(values).map(([name, value]) => `-X ${variables}.${name}=${value}`),
  )
  // For which Kubernetes Helm renders a chart where none is asked.
  settings.push(`-X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=${major}`, `-X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=${minor}`)
  return ['-s', '-w', ...settings].join(' ')
}

function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'countersign', 'cluster')
}

function folderOf(module) {
  const found = versions()
  const name = module === helm ? `helm-${found.helm}` : `kubernetes-${found.kubernetes}-etcd-${found.etcd}`
  return join(cacheFolder(), `${name}-${process.platform}-${process.arch}`)
}

function versions() {
  return {
    kubernetes: versionIn(kubernetes, 'k8s\\.io/kubernetes'),
    etcd: versionIn(kubernetes, 'go\\.etcd\\.io/etcd/server/v3'),
    helm: versionIn(helm, 'helm\\.sh/helm/v3'),
  }
}

function versionIn(module, path) {
  const version = new RegExp(`^\\s*(?:require )?${path} (v[0-9][0-9.]*)`, 'm').exec(readFileSync(join(module, 'go.mod'), 'utf8'))?.[1]
  if (version === undefined) throw new Error(`Cannot read versions: ${module}/go.mod names no ${path}`)
  return version
}

/** Asked in the module's folder: a Go that may fetch the toolchain which go.mod asks for does so here. */
function findGo() {
  const probe = spawnSync('go', ['env', 'GOVERSION'], { cwd: kubernetes, encoding: 'utf8' })
  const [, major = '0', minor = '0'] = /^go(\d+)\.(\d+)/.exec(probe.stdout ?? '') ?? []
  if (Number(major) > oldestGo[0] || (Number(major) === oldestGo[0] && Number(minor) >= oldestGo[1])) return { found: true }
  return { found: false, reason: `no Go ${oldestGo.join('.')} or newer on this machine; it builds the Kubernetes control plane (go.dev/doc/install)` }
}
