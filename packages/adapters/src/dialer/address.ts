import { BlockList, isIP } from 'node:net'

/**
 * Ranges that input must not choose (IANA's special-purpose registries): this machine, this network, its metadata service (169.254.169.254, fd00:ec2::254),
 * and the forms of IPv6 in which an IPv4 address hides. What is in none of them is somebody's public address.
 */
const NOT_PUBLIC: readonly (readonly [prefix: string, bits: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
  ['::', 96],
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
]

// A list holds an IPv4 address against IPv6 ranges too, in its mapped form, which is a range here: hence two.
const notPublic = { 4: listOf((prefix) => !prefix.includes(':'), 'ipv4'), 6: listOf((prefix) => prefix.includes(':'), 'ipv6') }

/** Whether an IP address is somebody's public one. False for what is no address. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !notPublic[4].check(address, 'ipv4')
    case 6:
      return !notPublic[6].check(address, 'ipv6')
    default:
      return false
  }
}

function listOf(isOne: (prefix: string) => boolean, family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList()
  for (const [prefix, bits] of NOT_PUBLIC) if (isOne(prefix)) list.addSubnet(prefix, bits, family)
  return list
}
