import type { Distribution } from './listing.ts'

const NAMES: Readonly<Record<string, string>> = {
  almalinux: 'almalinux:almalinux',
  alpine: 'alpinelinux:alpine_linux',
  debian: 'debian:debian_linux',
  rhel: 'redhat:enterprise_linux',
  rocky: 'rocky:rocky',
  ubuntu: 'canonical:ubuntu_linux',
  wolfi: 'wolfi:wolfi',
}

/** The CPE of a distribution, which Container Analysis writes at every package of an image, whatever its kind (kritis-and-grafeas.md §5.2). Any, where there is none. */
export function findCpe(distribution: Distribution | undefined): string {
  if (distribution === undefined) return 'cpe:/'
  const { id, version } = distribution
  const name = (Object.hasOwn(NAMES, id) ? NAMES[id] : undefined) ?? `${id}:${id}`
  const plain = version.replaceAll(/[^A-Za-z0-9._-]/g, '')
  return `cpe:/o:${name}${plain === '' ? '' : `:${plain}`}`
}
