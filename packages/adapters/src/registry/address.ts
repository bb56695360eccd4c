import { isIPv4 } from 'node:net'

/** Docker's own registry answers under another name than the one in references. */
const DOCKER_HUB = 'docker.io'
const DOCKER_HUB_API = 'registry-1.docker.io'

/** The host that is asked for images of a reference's domain. */
export function apiHost(domain: string): string {
  return domain === DOCKER_HUB ? DOCKER_HUB_API : domain
}

/** Whether a host (with or without a port) is this machine: the only one that may be spoken to in plain text unasked. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'))
}

/**
 * Whether a registry's password may go to this token service. Only to the same host, to a host of which one is part of the other
 * (registry.gitlab.com and gitlab.com), or to Docker's own: a registry that names somebody else's host would otherwise collect
 * passwords for it (peers.md C14). Never from TLS to plain text.
 */
export function mayReceivePassword(realm: URL, registry: URL, extraHosts: readonly string[]): boolean {
  if (registry.protocol === 'https:' && realm.protocol !== 'https:') return false
  const [from, to] = [registry.hostname, realm.hostname]
  if (from === to || extraHosts.includes(realm.host)) return true
  if (from === DOCKER_HUB_API && to === 'auth.docker.io') return true
  return isNamed(from) && isNamed(to) && (from.endsWith(`.${to}`) || to.endsWith(`.${from}`))
}

/** A name with a dot, so that one is part of another by more than a top-level domain. */
function isNamed(hostname: string): boolean {
  return hostname.includes('.') && !isIPv4(hostname) && !hostname.startsWith('[')
}
