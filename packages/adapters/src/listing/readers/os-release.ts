import { parseEcosystem } from '@countersign/advisories/ecosystem.ts'
import type { Distribution } from '@countersign/service/scanning/listing.ts'
import type { FileFacts } from '../facts.ts'

/** Releases that name themselves only by a code name until they are out (debian.org/releases). */
const CODE_NAMES: Readonly<Record<string, string>> = { buster: '10', bullseye: '11', bookworm: '12', trixie: '13', forky: '14' }

/** How feeds call a distribution and its releases (OSV schema, "Defined ecosystems"), by the `ID` that it gives itself. */
const ECOSYSTEMS: Readonly<Record<string, (version: string) => string>> = {
  almalinux: (version) => `AlmaLinux:${majorOf(version)}`,
  alpine: (version) => `Alpine:v${version.split('.').slice(0, 2).join('.')}`,
  chainguard: () => 'Chainguard',
  debian: (version) => `Debian:${majorOf(version)}`,
  rhel: (version) => `Red Hat:${majorOf(version)}`,
  rocky: (version) => `Rocky Linux:${majorOf(version)}`,
  ubuntu: (version) => (/^\d*[02468]\.04$/.test(version) ? `Ubuntu:${version}:LTS` : `Ubuntu:${version}`),
  wolfi: () => 'Wolfi',
}

/** Reads os-release (freedesktop.org, os-release(5)): `KEY=value` lines as a shell reads them. */
export function readOsRelease(bytes: Uint8Array): FileFacts {
  const fields = new Map<string, string>()
  for (const line of Buffer.from(bytes).toString('utf8').split('\n')) {
    const [, key = '', value = ''] = /^\s*([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? []
    if (key !== '') fields.set(key, unquote(value.trim()))
  }
  const id = (fields.get('ID') ?? '').toLowerCase()
  if (!/^[a-z0-9._-]{1,64}$/.test(id)) return { problems: ['os-release names no distribution'] }
  const codeName = fields.get('VERSION_CODENAME') ?? ''
  const version = (fields.get('VERSION_ID') ?? (Object.hasOwn(CODE_NAMES, codeName) ? (CODE_NAMES[codeName] ?? '') : '')).slice(0, 64)
  return { distribution: withEcosystem({ id, version, prettyName: (fields.get('PRETTY_NAME') ?? id).slice(0, 256) }) }
}

function withEcosystem(distribution: Distribution): Distribution {
  const { id, version } = distribution
  const name = Object.hasOwn(ECOSYSTEMS, id) ? ECOSYSTEMS[id]?.(version) : undefined
  const isReleased = version !== '' || name === 'Wolfi' || name === 'Chainguard'
  const ecosystem = name === undefined || !isReleased ? undefined : parseEcosystem(name)
  return ecosystem === undefined ? distribution : { ...distribution, ecosystem }
}

function majorOf(version: string): string {
  return version.split('.')[0] ?? version
}

function unquote(value: string): string {
  const [, , inner] = /^(["'])(.*)\1$/.exec(value) ?? []
  return (inner ?? value).replaceAll(/\\(["'$`\\])/g, '$1')
}
