import type { MessageInitShape } from '@bufbuild/protobuf'
import { create } from '@bufbuild/protobuf'
import type { AttestationOccurrence } from '../gen/grafeas/v1/attestation_pb.ts'
import { AttestationOccurrenceSchema } from '../gen/grafeas/v1/attestation_pb.ts'
import type { Details } from '../gen/google/devtools/containeranalysis/v1beta1/attestation/attestation_pb.ts'
import {
  DetailsSchema,
  GenericSignedAttestation_ContentType as GenericType,
  PgpSignedAttestation_ContentType as PgpType,
} from '../gen/google/devtools/containeranalysis/v1beta1/attestation/attestation_pb.ts'
import type { Signature as SignatureV1Beta1 } from '../gen/google/devtools/containeranalysis/v1beta1/common/common_pb.ts'

const ARMOR = '-----BEGIN PGP '

/**
 * v1beta1 → v1 (kritis-and-grafeas.md §4.5). A PGP attestation becomes one signature whose bytes are the armored text, its key id
 * beside it and no payload, because the text holds the payload. Lost: the content type, which has one value only.
 */
export function upgradeAttestation({ attestation }: Details): AttestationOccurrence {
  const given = attestation?.signature
  if (given?.case === 'genericSignedAttestation') {
    const { serializedPayload, signatures } = given.value
    return create(AttestationOccurrenceSchema, { serializedPayload, signatures: signatures.map(keepSignature) })
  }
  if (given?.case !== 'pgpSignedAttestation') return create(AttestationOccurrenceSchema)
  const { signature, keyId } = given.value
  return create(AttestationOccurrenceSchema, { signatures: [{ signature: new TextEncoder().encode(signature), publicKeyId: keyId.value ?? '' }] })
}

/**
 * v1 → v1beta1: a single armored signature without a payload is a PGP attestation, everything else a generic one. Lost: `jwts`,
 * for which v1beta1 has no member.
 */
export function downgradeAttestation({ serializedPayload, signatures }: AttestationOccurrence): Details {
  const [only, second] = signatures
  const armored = only === undefined || second !== undefined || serializedPayload.length > 0 ? undefined : armoredText(only.signature)
  const signature: MessageInitShape<typeof DetailsSchema>['attestation'] =
    armored === undefined || only === undefined
      ? {
          signature: {
            case: 'genericSignedAttestation',
            value: { contentType: GenericType.SIMPLE_SIGNING_JSON, serializedPayload, signatures: signatures.map(keepSignature) },
          },
        }
      : {
          signature: {
            case: 'pgpSignedAttestation',
            value: { contentType: PgpType.SIMPLE_SIGNING_JSON, signature: armored, keyId: { case: 'pgpKeyId', value: only.publicKeyId } },
          },
        }
  return create(DetailsSchema, { attestation: signature })
}

/** The text of an armored signature, where its bytes are one; v1beta1 holds it as a text. */
function armoredText(signature: Uint8Array): string | undefined {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(signature)
  } catch {
    return undefined
  }
  return text.trimStart().startsWith(ARMOR) ? text : undefined
}

function keepSignature({ signature, publicKeyId }: Pick<SignatureV1Beta1, 'signature' | 'publicKeyId'>): {
  signature: Uint8Array
  publicKeyId: string
} {
  return { signature, publicKeyId }
}
