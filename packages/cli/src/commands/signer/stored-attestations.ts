import { StatusError } from '@countersign/core/status.ts'
import type { Attestations } from '@countersign/service/signing/ports.ts'
import { readStoredAttestation } from '@countersign/service/validation/unverified.ts'
import { type Api, pathOf, textIn } from '../../connection/api.ts'
import { readAttestation } from '../../evaluation/evidence-tables.ts'
import { findAttestations } from '../attestations/find.ts'
import { attestationTree } from '../attestations/store.ts'
import type { SignerOrder, SignOrder } from './read-order.ts'

/** The attestations of one image under one note, over the server's API. */
export function makeAttestations(api: Api, { image, asKritis }: SignerOrder, { note, project }: SignOrder): Attestations {
  const [, provider = '', , id = ''] = note.split('/')
  return {
    findNote: async () => {
      const found = await unless('NOT_FOUND', api.call('GET', pathOf('/v1', note)))
      if (found === undefined) return 'ABSENT'
      const kind = textIn(found, 'kind')
      if (kind === 'ATTESTATION') return 'PRESENT'
      throw new StatusError('FAILED_PRECONDITION', `Cannot attach an attestation to ${note}: it is a note of kind ${kind}, expected ATTESTATION`)
    },
    createNote: async () => {
      const body = asKritis ? KRITIS_NOTE : { attestation: { hint: { humanReadableName: id } } }
      await unless('ALREADY_EXISTS', api.call('POST', pathOf('/v1', `projects/${provider}/notes`), { query: { noteId: id }, body }))
    },
    list: async () => (await findEarlier(api, { note, image, asKritis })).map((tree) => readStoredAttestation(readAttestation(tree))),
    create: async ({ serializedPayload: payload, signatures }) => {
      const [signature] = signatures
      if (signature === undefined) throw new StatusError('INVALID_ARGUMENT', 'An attestation needs a signature')
      const attestation = attestationTree({ resourceUri: image.resourceUri, payload, ...signature })
      const body = { kind: 'ATTESTATION', noteName: note, resourceUri: image.resourceUri, attestation }
      return textIn(await api.call('POST', pathOf('/v1', `projects/${project}/occurrences`), { body }), 'name')
    },
    get: async (occurrence) => readStoredAttestation(readAttestation(await api.call('GET', pathOf('/v1', occurrence)))),
    delete: async (occurrence) => void (await unless('NOT_FOUND', api.call('DELETE', pathOf('/v1', occurrence)))),
  }
}

/** Of the digest, whatever repository and tag were written; as kritis, of the image verbatim (§1.7 step 1). */
async function findEarlier(api: Api, { note, image, asKritis }: Pick<SignerOrder, 'image' | 'asKritis'> & Pick<SignOrder, 'note'>) {
  if (!asKritis) return await findAttestations(api, { note }, image.digest)
  return await api.list(pathOf('/v1', note, '/occurrences'), 'occurrences', { query: { filter: `resourceUrl="${image.resourceUri}"` } })
}

/** The note that the original makes, byte for byte, the two spaces of its empty namespace included (§1.7). */
const KRITIS_NOTE = {
  shortDescription: 'Image Policy Security Attestor',
  longDescription: 'Image Policy Security Attestor deployed in  namespace',
  attestation: { hint: { humanReadableName: 'signing-aa' } },
}

async function unless<T>(code: StatusError['code'], answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof StatusError && error.code === code) return undefined
    throw error
  }
}
