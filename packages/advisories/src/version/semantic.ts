import { compare, parse } from 'semver'
import { MAX_VERSION_LENGTH, type VersionOrder } from './order.ts'

/** Numbers, of which OSV and some packagers leave away the last ones, and whatever stands behind them. */
const SHAPE = /^v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?((?:-|\+)[0-9A-Za-z.+-]+)?$/
/** A Go release as the Go project names it: `go1.21`, `go1.22rc1`; a fork's own words behind a space or hyphen are left out. */
const GO_RELEASE = /^go([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:(alpha|beta|rc)([0-9]+))?(?:[ -].*)?$/

/** The order of semantic versions (semver.org 2.0.0): npm, crates.io, and Go modules with their leading `v`. Build metadata counts for nothing. */
export const compareSemantic: VersionOrder = (one, other) => {
  const [left, right] = [normalise(one), normalise(other)]
  return left === undefined || right === undefined ? undefined : compare(left, right)
}

function normalise(version: string): string | undefined {
  if (version.length > MAX_VERSION_LENGTH) return undefined
  const release = GO_RELEASE.exec(version)
  if (release !== null) return goRelease(release)
  const match = SHAPE.exec(version)
  if (match === null) return undefined
  const [, major, minor = '0', patch = '0', rest = ''] = match
  return parse(`${major}.${minor}.${patch}${rest}`)?.raw
}

/** The standard library has the version of the release that it came with; its candidates come before it. */
function goRelease([, major, minor = '0', patch = '0', stage, number]: RegExpExecArray): string {
  return `${major}.${minor}.${patch}${stage === undefined ? '' : `-${stage}.${number}`}`
}
