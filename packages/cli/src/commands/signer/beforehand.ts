import { StatusError } from '@countersign/core/status.ts'
import { type Api, pathOf, textIn, type Tree, treesIn } from '../../connection/api.ts'
import type { SignerOrder, SignOrder } from './read-order.ts'

/**
 * Finds out before the waiting what would make it vain: PERMISSION_DENIED where the attestation could not be written. Gives warnings where it would
 * count for nobody. The original learns of either after its whole wait (kritis-and-grafeas.md §1.3).
 */
export async function checkBeforehand(api: Api, { sign }: SignerOrder): Promise<readonly string[]> {
  if (sign === undefined) return []
  await probe(api, sign)
  const fault = await findMissingKey(api, sign)
  return fault === undefined ? [] : [fault]
}

/** An occurrence with nothing in it is never written; it is refused for its emptiness to those only who might write a whole one. */
async function probe(api: Api, { note, project }: SignOrder): Promise<void> {
  try {
    await api.call('POST', pathOf('/v1', `projects/${project}/occurrences`), { body: { noteName: note } })
  } catch (error) {
    if (!(error instanceof StatusError) || error.code === 'PERMISSION_DENIED' || error.code === 'UNAUTHENTICATED') throw error
  }
}

/** Attestors of other projects may use the note too, and keys may be added later: a warning, no refusal. */
async function findMissingKey(api: Api, { note, key }: SignOrder): Promise<string | undefined> {
  const { publicKeyId } = key.signer
  const attestors = (await listAttestors(api, note)).filter((attestor) => textIn(attestor, 'userOwnedGrafeasNote', 'noteReference') === note)
  if (attestors.length === 0 || attestors.some((attestor) => hasKey(attestor, publicKeyId))) return undefined
  const names = attestors.map((attestor) => textIn(attestor, 'name').split('/').at(-1) ?? '').join(', ')
  return `WARNING: key ${publicKeyId} is not on attestor ${names} of ${note}: what it signs counts only when it is, see countersign attestors public-keys add`
}

/** Who may sign need not be allowed to look at attestors. */
async function listAttestors(api: Api, note: string): Promise<readonly Tree[]> {
  try {
    return await api.list(pathOf('/v1', `projects/${note.split('/')[1] ?? ''}/attestors`), 'attestors')
  } catch (error) {
    if (error instanceof StatusError && error.code !== 'UNAVAILABLE') return []
    throw error
  }
}

function hasKey(attestor: Tree, publicKeyId: string): boolean {
  return treesIn(attestor, 'userOwnedGrafeasNote', 'publicKeys').some((key) => textIn(key, 'id') === publicKeyId)
}
