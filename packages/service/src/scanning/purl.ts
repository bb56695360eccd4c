import type { Distribution, ListedPackage } from './listing.ts'

const SYSTEM_TYPES: Readonly<Record<string, string>> = { alpine: 'apk', chainguard: 'apk', debian: 'deb', ubuntu: 'deb', wolfi: 'apk' }

/** The package URL of a package (package-url specification): `pkg:deb/debian/openssl@3.0.11-1?arch=amd64&distro=debian-12`. */
export function formatPurl({ type, name, version, architecture }: ListedPackage, distribution: Distribution | undefined): string {
  switch (type) {
    case 'OS':
      return systemPurl({ name, version, architecture, distribution })
    case 'GO':
      return `pkg:golang/${name.split('/').map(encode).join('/')}@${encode(version)}`
    case 'GO_STDLIB':
      return `pkg:golang/stdlib@${encode(version.replace(/^go/, ''))}`
    case 'MAVEN':
      return `pkg:maven/${name.split(':').map(encode).join('/')}@${encode(version)}`
    case 'NPM':
      return `pkg:npm/${name.split('/').map(encode).join('/')}@${encode(version)}`
    case 'PYPI':
      return `pkg:pypi/${encode(name.toLowerCase().replaceAll('_', '-'))}@${encode(version)}`
  }
}

interface SystemPackage {
  readonly name: string
  readonly version: string
  readonly architecture: string | undefined
  readonly distribution: Distribution | undefined
}

/** rpm's epoch is a qualifier of its own; dpkg's is a part of the version. */
function systemPurl({ name, version, architecture, distribution }: SystemPackage): string {
  const id = distribution?.id ?? 'linux'
  const type = (Object.hasOwn(SYSTEM_TYPES, id) ? SYSTEM_TYPES[id] : undefined) ?? 'rpm'
  const [, epoch, rest = version] = type === 'rpm' ? (/^(\d+):(.*)$/.exec(version) ?? []) : []
  const qualifiers = [
    ...(architecture === undefined ? [] : [`arch=${encode(architecture)}`]),
    ...(distribution === undefined || distribution.version === '' ? [] : [`distro=${encode(`${id}-${distribution.version}`)}`]),
    ...(epoch === undefined ? [] : [`epoch=${epoch}`]),
  ]
  return `pkg:${type}/${encode(id)}/${encode(name)}@${encode(rest)}${qualifiers.length === 0 ? '' : `?${qualifiers.join('&')}`}`
}

/** As the specification encodes: a colon stays. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll('%3A', ':')
}
