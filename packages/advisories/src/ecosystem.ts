import { compareAlpine } from './version/alpine.ts'
import { compareDebian } from './version/debian.ts'
import { compareMaven } from './version/maven.ts'
import type { VersionOrder } from './version/order.ts'
import { comparePython } from './version/python.ts'
import { compareRpm } from './version/rpm.ts'
import { compareSemantic } from './version/semantic.ts'

/** Where a package comes from, and for distributions of which release: `Debian` `12`, `Alpine` `v3.19`, `npm`. */
export interface Ecosystem {
  readonly name: EcosystemName
  readonly release?: string
}

/** The ecosystems whose versions we can order, by the names that OSV gives them (OSV schema, "Defined ecosystems"). */
export type EcosystemName = keyof typeof ORDERS

const ORDERS = {
  AlmaLinux: compareRpm,
  Alpine: compareAlpine,
  Chainguard: compareAlpine,
  Debian: compareDebian,
  Go: compareSemantic,
  Maven: compareMaven,
  PyPI: comparePython,
  'Red Hat': compareRpm,
  'Rocky Linux': compareRpm,
  SUSE: compareRpm,
  Ubuntu: compareDebian,
  Wolfi: compareAlpine,
  'crates.io': compareSemantic,
  npm: compareSemantic,
  openSUSE: compareRpm,
} as const satisfies Readonly<Record<string, VersionOrder>>

/** Reads `Debian:12` or `Ubuntu:22.04:LTS`. Undefined for an ecosystem that we do not know, whose records say nothing about our packages. */
export function parseEcosystem(text: string): Ecosystem | undefined {
  const [name = '', ...release] = text.split(':')
  if (!isKnown(name)) return undefined
  return release.length === 0 ? { name } : { name, release: release.join(':') }
}

/** How an ecosystem's versions are ordered. */
export function versionOrder(name: EcosystemName): VersionOrder {
  return ORDERS[name]
}

/** A package's name as the ecosystem compares it: Python's ignores case and the kind of separator (PEP 503). */
export function comparableName(ecosystem: EcosystemName, name: string): string {
  return ecosystem === 'PyPI' ? name.toLowerCase().replaceAll(/[-_.]+/g, '-') : name
}

/** Whether packages come with the system, where a distribution publishes fixes under versions of its own. */
export function isDistribution(ecosystem: EcosystemName): boolean {
  return !['Go', 'Maven', 'PyPI', 'crates.io', 'npm'].includes(ecosystem)
}

function isKnown(name: string): name is EcosystemName {
  return Object.hasOwn(ORDERS, name)
}
