import type * as Library from 'openpgp'

export type OpenPgp = typeof Library

let loaded: Promise<OpenPgp> | undefined

/** The OpenPGP library, read when the first PGP key comes: a house without PGP keys never pays for it. */
export function loadOpenPgp(): Promise<OpenPgp> {
  loaded ??= import('openpgp')
  return loaded
}
