import { StatusError } from '@countersign/core/status.ts'
import { type Api, pathOf, type Tree, treesIn } from '../../connection/api.ts'

const MAX_TRIES = 5

/** An attestor by its full name. */
export async function getAttestor(api: Api, name: string): Promise<Tree> {
  return await api.call('GET', pathOf('/v1', name))
}

/**
 * Reads an attestor, changes it and writes it back under its etag: where somebody else wrote in between, once more from
 * their version. The original's tool writes without condition and loses what others added meanwhile.
 */
export async function changeAttestor(api: Api, name: string, change: (attestor: Tree) => Tree): Promise<Tree> {
  for (let tries = 1; ; tries++) {
    const body = change(await getAttestor(api, name))
    try {
      return await api.call('PUT', pathOf('/v1', name), { body })
    } catch (error) {
      const isStale = error instanceof StatusError && error.code === 'ABORTED'
      if (!isStale || tries === MAX_TRIES) throw error
    }
  }
}

/** The public keys of an attestor. */
export function keysOf(attestor: Tree): readonly Tree[] {
  return treesIn(attestor, 'userOwnedGrafeasNote', 'publicKeys')
}

/** The attestor with other public keys. */
export function withKeys(attestor: Tree, publicKeys: readonly Tree[]): Tree {
  return { ...attestor, userOwnedGrafeasNote: { ...(attestor['userOwnedGrafeasNote'] as Tree), publicKeys } }
}
