/** The part of `package-lock.json` that tells what each package stands on. */
export interface LockFile {
  readonly packages: Readonly<Record<string, LockedPackage>>
}

interface LockedPackage {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/**
 * Names all npm packages that `packages/<name>` brings along at run time, sorted; our own packages are not among them,
 * but what they bring is.
 */
export function runtimeClosure(lock: LockFile, name: string): readonly string[] {
  const seen = new Set<string>()
  const pending = [`packages/${name}`]
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (seen.has(path)) continue
    seen.add(path)
    const { dependencies, optionalDependencies } = getPackage(lock, path)
    for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies })) pending.push(locate(lock, path, dependency))
  }
  return [...seen].filter((path) => !path.startsWith('packages/')).sort()
}

function getPackage(lock: LockFile, path: string): LockedPackage {
  const found = lock.packages[path]
  if (found === undefined) throw new Error(`Cannot find ${path} in package-lock.json`)
  return found
}

/** Node's own rule: the nearest `node_modules` on the way up. */
function locate(lock: LockFile, from: string, name: string): string {
  const own = /^@countersign\/(.+)$/.exec(name)
  if (own !== null) return `packages/${own[1]}`
  const steps = from.split('/')
  for (let length = steps.length; length > 0; length -= 1) {
    const path = `${steps.slice(0, length).join('/')}/node_modules/${name}`
    if (path in lock.packages) return path
  }
  return `node_modules/${name}`
}
