import type { JsonValue, MessageInitShape } from '@bufbuild/protobuf'
import { create, fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf'
import { TimestampSchema } from '@bufbuild/protobuf/wkt'
import type { SignatureAlgorithm } from '@countersign/core/attestation/algorithm.ts'
import type { Attestor, AttestorPublicKey } from '@countersign/core/attestation/attestor.ts'
import type { Attestor as AttestorV1, AttestorPublicKeySchema } from '../gen/google/cloud/binaryauthorization/v1/resources_pb.ts'
import {
  AttestorSchema as AttestorV1Schema,
  PkixPublicKey_SignatureAlgorithm as Algorithm,
} from '../gen/google/cloud/binaryauthorization/v1/resources_pb.ts'
import type { Attestor as AttestorV1Beta1 } from '../gen/google/cloud/binaryauthorization/v1beta1/resources_pb.ts'
import { AttestorSchema as AttestorV1Beta1Schema } from '../gen/google/cloud/binaryauthorization/v1beta1/resources_pb.ts'

/** What the service adds to an attestor. */
export interface AttestorWritten {
  readonly etag: string
  /** RFC 3339. */
  readonly updateTime: string
  /** Number of the attestor's project: its delegate is named after it. */
  readonly projectNumber: string
}

/** An attestor message as proto3 JSON, in the shape of v1. */
export function attestorTree(message: AttestorV1): JsonValue {
  return toJson(AttestorV1Schema, message)
}

/** An attestor as a v1 message (binary-authorization.md §2.1). */
export function attestorMessage(attestor: Attestor, { etag, updateTime, projectNumber }: AttestorWritten): AttestorV1 {
  return create(AttestorV1Schema, {
    name: attestor.name,
    description: attestor.description ?? '',
    attestorType: {
      case: 'userOwnedGrafeasNote',
      value: {
        noteReference: attestor.note,
        publicKeys: attestor.publicKeys.map(publicKeyMessage),
        delegationServiceAccountEmail: `service-${projectNumber}@gcp-sa-binaryauthorization.iam.gserviceaccount.com`,
      },
    },
    updateTime: fromJson(TimestampSchema, updateTime),
    etag,
  })
}

/**
 * v1beta1 → v1: the messages are the same on the wire, but for the member's name (`userOwnedDrydockNote`). A note reference in the
 * form of the API before it, `providers/P/notes/N`, becomes `projects/P/notes/N`: the same note by today's name.
 */
export function upgradeAttestor(message: AttestorV1Beta1): AttestorV1 {
  const upgraded = fromBinary(AttestorV1Schema, toBinary(AttestorV1Beta1Schema, message))
  const note = upgraded.attestorType.value
  if (note !== undefined) note.noteReference = note.noteReference.replace(/^providers\//, 'projects/')
  return upgraded
}

/** v1 → v1beta1: loses `keyId` inside a PKIX key, which only repeats the `id` beside it. */
export function downgradeAttestor(message: AttestorV1): AttestorV1Beta1 {
  return fromBinary(AttestorV1Beta1Schema, toBinary(AttestorV1Schema, message), { readUnknownFields: false })
}

function publicKeyMessage(key: AttestorPublicKey): MessageInitShape<typeof AttestorPublicKeySchema> {
  const named = { id: key.id, comment: key.comment ?? '' }
  if (key.type === 'PGP') return { ...named, publicKey: { case: 'asciiArmoredPgpPublicKey', value: key.asciiArmored } }
  const value = { publicKeyPem: key.publicKeyPem, signatureAlgorithm: ALGORITHMS[key.signatureAlgorithm] }
  return { ...named, publicKey: { case: 'pkixPublicKey', value } }
}

const ALGORITHMS: Readonly<Record<SignatureAlgorithm, Algorithm>> = {
  SIGNATURE_ALGORITHM_UNSPECIFIED: Algorithm.SIGNATURE_ALGORITHM_UNSPECIFIED,
  RSA_PSS_2048_SHA256: Algorithm.RSA_PSS_2048_SHA256,
  RSA_PSS_3072_SHA256: Algorithm.RSA_PSS_3072_SHA256,
  RSA_PSS_4096_SHA256: Algorithm.RSA_PSS_4096_SHA256,
  RSA_PSS_4096_SHA512: Algorithm.RSA_PSS_4096_SHA512,
  RSA_SIGN_PKCS1_2048_SHA256: Algorithm.RSA_SIGN_PKCS1_2048_SHA256,
  RSA_SIGN_PKCS1_3072_SHA256: Algorithm.RSA_SIGN_PKCS1_3072_SHA256,
  RSA_SIGN_PKCS1_4096_SHA256: Algorithm.RSA_SIGN_PKCS1_4096_SHA256,
  RSA_SIGN_PKCS1_4096_SHA512: Algorithm.RSA_SIGN_PKCS1_4096_SHA512,
  ECDSA_P256_SHA256: Algorithm.ECDSA_P256_SHA256,
  ECDSA_P384_SHA384: Algorithm.ECDSA_P384_SHA384,
  ECDSA_P521_SHA512: Algorithm.ECDSA_P521_SHA512,
  ML_DSA_65: Algorithm.ML_DSA_65,
}
