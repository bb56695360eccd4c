import { StatusError } from '@countersign/core/status.ts'
import { type Api, pathOf, textIn, type Tree } from '../../connection/api.ts'
import type { Context } from '../../context.ts'
import { keysOf } from '../attestors/change-attestor.ts'
import type { Authority } from './authority.ts'

/** A signed statement about one image, ready to be stored. */
export interface SignedAttestation {
  readonly resourceUri: string
  readonly payload: Uint8Array
  readonly signature: Uint8Array
  readonly publicKeyId: string
}

/** The attestation as the API takes it (Grafeas v1). */
export function attestationTree({ payload, signature, publicKeyId }: SignedAttestation): Tree {
  return { serializedPayload: base64(payload), signatures: [{ publicKeyId, signature: base64(signature) }] }
}

/**
 * Stores an attestation. Before that, people hear of what would make it worthless: a key that the attestor does not have,
 * in the original's words (binary-authorization.md §4.1), and, with `validate`, whatever else the server finds.
 */
export async function storeAttestation(
  { api, context, authority }: { readonly api: Api; readonly context: Context; readonly authority: Authority },
  signed: SignedAttestation,
  options: { readonly validate?: 'FIRST' } = {},
): Promise<Tree> {
  const { attestor, note, project } = authority
  const attestation = attestationTree(signed)
  if (attestor !== undefined) await warnOfUnknownKey(context, attestor, signed.publicKeyId)
  if (options.validate !== undefined && attestor !== undefined) await requireValid(api, attestor, { note, signed, attestation })
  const body = { kind: 'ATTESTATION', noteName: note, resourceUri: signed.resourceUri, attestation }
  return await api.call('POST', pathOf('/v1', `projects/${project}/occurrences`), { body })
}

async function warnOfUnknownKey(context: Context, attestor: Tree, id: string): Promise<void> {
  if (keysOf(attestor).some((key) => textIn(key, 'id') === id)) return
  context.terminal.say(`WARNING: No public key with ID [${id}] found on attestor [${textIn(attestor, 'name')}]`)
  context.terminal.say(`Its keys: countersign attestors public-keys list --attestor=${textIn(attestor, 'name')}`)
  await context.confirm('Create and upload Attestation anyway?')
}

async function requireValid(
  api: Api,
  attestor: Tree,
  { note, signed, attestation }: { readonly note: string; readonly signed: SignedAttestation; readonly attestation: Tree },
): Promise<void> {
  const body = { attestation, occurrenceNote: note, occurrenceResourceUri: signed.resourceUri }
  const answer = await api.call('POST', pathOf('/v1', textIn(attestor, 'name'), ':validateAttestationOccurrence'), { body })
  if (textIn(answer, 'result') === 'VERIFIED') return
  throw new StatusError('FAILED_PRECONDITION', `The attestation would not count, so it was not stored: ${textIn(answer, 'denialReason')}`)
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
