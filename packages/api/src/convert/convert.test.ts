import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { create, equals, fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf'
import type { Attestor } from '@countersign/core/attestation/attestor.ts'
import type { AttestorName, NoteName } from '@countersign/core/name/resource-name.ts'
import { parsePolicy } from '@countersign/core/policy/parse.ts'
import { StatusError } from '@countersign/core/status.ts'
import { AttestorSchema, PolicySchema } from '../gen/google/cloud/binaryauthorization/v1/resources_pb.ts'
import {
  AttestorSchema as AttestorV1Beta1Schema,
  PolicySchema as PolicyV1Beta1Schema,
} from '../gen/google/cloud/binaryauthorization/v1beta1/resources_pb.ts'
import {
  NoteSchema as NoteV1Beta1Schema,
  OccurrenceSchema as OccurrenceV1Beta1Schema,
} from '../gen/google/devtools/containeranalysis/v1beta1/grafeas/grafeas_pb.ts'
import { NoteSchema, OccurrenceSchema } from '../gen/grafeas/v1/grafeas_pb.ts'
import { attestorMessage, attestorTree, downgradeAttestor, upgradeAttestor } from './attestor.ts'
import { downgradeNote, upgradeNote, upgradeNoteMask } from './note.ts'
import { downgradeOccurrence, upgradeOccurrence, upgradeOccurrenceMask } from './occurrence.ts'
import { downgradePolicy, policyMessage, policyTree, upgradePolicy } from './policy.ts'

const RULE = {
  evaluationMode: 'REQUIRE_ATTESTATION',
  requireAttestationsBy: ['projects/p/attestors/a'],
  enforcementMode: 'ENFORCED_BLOCK_AND_AUDIT_LOG',
}
const POLICY = {
  name: 'projects/p/policy',
  admissionWhitelistPatterns: [{ namePattern: 'gcr.io/p/*' }],
  clusterAdmissionRules: { 'us-east1.prod': RULE },
  defaultAdmissionRule: { evaluationMode: 'ALWAYS_DENY', enforcementMode: 'DRYRUN_AUDIT_LOG_ONLY' },
  updateTime: '2024-05-12T05:12:08.150271Z',
  etag: '"Gt8iumzkM0IC"',
}

describe('policy', () => {
  test('§1.8: what was put comes back unchanged, through the parser and both versions', () => {
    const parsed = parsePolicy(policyTree(fromJson(PolicySchema, POLICY)))
    assert.ok(parsed.ok)
    const { name, updateTime, etag } = POLICY
    const message = policyMessage(parsed.value, { name, updateTime, etag })
    assert.deepEqual(toJson(PolicySchema, message), POLICY)
    assert.deepEqual(toJson(PolicyV1Beta1Schema, downgradePolicy(message)), POLICY)
    assert.deepEqual(upgradePolicy(downgradePolicy(message)), message)
  })
})

describe('attestor', () => {
  const attestor: Attestor = {
    name: 'projects/p/attestors/a' as AttestorName,
    uid: 'u',
    description: 'd',
    note: 'projects/p/notes/n' as NoteName,
    noteUid: 'nu',
    publicKeys: [
      { type: 'PGP', id: 'AB', asciiArmored: 'PGP' },
      { type: 'PKIX', id: 'ni:///sha-256;x', comment: 'c', publicKeyPem: 'PEM', signatureAlgorithm: 'ECDSA_P256_SHA256' },
    ],
  }
  const keys = [
    { id: 'AB', asciiArmoredPgpPublicKey: 'PGP' },
    { comment: 'c', id: 'ni:///sha-256;x', pkixPublicKey: { publicKeyPem: 'PEM', signatureAlgorithm: 'ECDSA_P256_SHA256' } },
  ]
  const note = {
    noteReference: 'projects/p/notes/n',
    publicKeys: keys,
    delegationServiceAccountEmail: 'service-123@gcp-sa-binaryauthorization.iam.gserviceaccount.com',
  }
  const rest = { name: 'projects/p/attestors/a', description: 'd', updateTime: '2024-05-12T05:12:08.150271Z', etag: '"e"' }
  const message = attestorMessage(attestor, { etag: '"e"', updateTime: rest.updateTime, projectNumber: '123' })

  test('§2.1: v1 has userOwnedGrafeasNote, v1beta1 userOwnedDrydockNote', () => {
    assert.deepEqual(attestorTree(message), { ...rest, userOwnedGrafeasNote: note })
    assert.deepEqual(toJson(AttestorV1Beta1Schema, downgradeAttestor(message)), { ...rest, userOwnedDrydockNote: note })
    assert.deepEqual(upgradeAttestor(downgradeAttestor(message)), message)
  })

  test('§2.1: v1beta1 also takes providers/*/notes/* and has no keyId', () => {
    const old = fromJson(AttestorV1Beta1Schema, { userOwnedDrydockNote: { noteReference: 'providers/p/notes/n' } })
    assert.deepEqual(attestorTree(upgradeAttestor(old)), { userOwnedGrafeasNote: { noteReference: 'projects/p/notes/n' } })
    const keyed = fromJson(AttestorSchema, { userOwnedGrafeasNote: { publicKeys: [{ id: 'i', pkixPublicKey: { keyId: 'i' } }] } })
    const bytes = toBinary(AttestorV1Beta1Schema, downgradeAttestor(keyed))
    assert.deepEqual(toJson(AttestorSchema, fromBinary(AttestorSchema, bytes)), {
      userOwnedGrafeasNote: { publicKeys: [{ id: 'i', pkixPublicKey: {} }] },
    })
  })
})

describe('note', () => {
  const shared = {
    name: 'projects/p/notes/n',
    shortDescription: 's',
    longDescription: 'l',
    relatedUrl: [{ url: 'https://x.test', label: 'x' }],
    expirationTime: '2030-01-01T00:00:00Z',
    createTime: '2024-05-12T05:12:08.150271Z',
    updateTime: '2024-05-12T05:12:08.150271Z',
    relatedNoteNames: ['projects/p/notes/m'],
    kind: 'ATTESTATION',
  }
  const v1 = { ...shared, attestation: { hint: { humanReadableName: 'h' } } }
  const beta = { ...shared, attestationAuthority: { hint: { humanReadableName: 'h' } } }

  test('§4.5: attestation in v1 is attestationAuthority in v1beta1', () => {
    assert.deepEqual(toJson(NoteV1Beta1Schema, downgradeNote(fromJson(NoteSchema, v1))), beta)
    assert.deepEqual(toJson(NoteSchema, upgradeNote(fromJson(NoteV1Beta1Schema, beta))), v1)
  })

  test('§4.3: kinds go by name; what v1beta1 does not know is left out', () => {
    assert.deepEqual(toJson(NoteV1Beta1Schema, downgradeNote(fromJson(NoteSchema, { kind: 'UPGRADE', upgrade: {} }))), {})
    assert.deepEqual(toJson(NoteV1Beta1Schema, downgradeNote(fromJson(NoteSchema, { kind: 'IMAGE', image: {} }))), { kind: 'IMAGE' })
  })

  test('other details are refused, not dropped', () => {
    assert.throws(() => upgradeNote(fromJson(NoteV1Beta1Schema, { baseImage: {} })), isUnimplemented)
    assert.throws(() => upgradeNote(fromJson(NoteV1Beta1Schema, { deployable: {} })), isUnimplemented)
  })

  test('mask paths follow the members', () => {
    assert.deepEqual(upgradeNoteMask(['attestation_authority.hint', 'short_description', 'attestation_authority']), [
      'attestation.hint',
      'short_description',
      'attestation',
    ])
    assert.deepEqual(upgradeOccurrenceMask(['resource.uri', 'resource', 'attestation.attestation', 'remediation']), [
      'resource_uri',
      'resource_uri',
      'attestation',
      'remediation',
    ])
  })
})

describe('attestation occurrence', () => {
  const shared = {
    name: 'projects/p/occurrences/o',
    noteName: 'projects/p/notes/n',
    kind: 'ATTESTATION',
    remediation: 'r',
    createTime: '2024-05-12T05:31:37.647232Z',
  }
  const signatures = [{ signature: 'AQI=', publicKeyId: 'k' }]
  const generic = (payload: string) => ({ contentType: 'SIMPLE_SIGNING_JSON', serializedPayload: payload, signatures })

  test('§4.5: a generic attestation keeps payload and signatures', () => {
    const v1 = { ...shared, resourceUri: 'gcr.io/p/i@sha256:ab', attestation: { serializedPayload: 'e30=', signatures } }
    const beta = { ...shared, resource: { uri: 'gcr.io/p/i@sha256:ab' }, attestation: { attestation: { genericSignedAttestation: generic('e30=') } } }
    assert.deepEqual(toJson(OccurrenceV1Beta1Schema, downgradeOccurrence(fromJson(OccurrenceSchema, v1))), beta)
    assert.deepEqual(toJson(OccurrenceSchema, upgradeOccurrence(fromJson(OccurrenceV1Beta1Schema, beta))), v1)
  })

  test('§3.5: a PGP attestation of v1beta1 becomes a signature of armored bytes without payload, and comes back', () => {
    const armored = '-----BEGIN PGP MESSAGE-----\n\nü\n-----END PGP MESSAGE-----\n'
    const pgp = { contentType: 'SIMPLE_SIGNING_JSON', signature: armored, pgpKeyId: 'AB' }
    const beta = fromJson(OccurrenceV1Beta1Schema, { ...shared, attestation: { attestation: { pgpSignedAttestation: pgp } } })
    const upgraded = upgradeOccurrence(beta)
    const signature = Buffer.from(armored).toString('base64')
    assert.deepEqual(toJson(OccurrenceSchema, upgraded), { ...shared, attestation: { signatures: [{ signature, publicKeyId: 'AB' }] } })
    assert.ok(equals(OccurrenceV1Beta1Schema, downgradeOccurrence(upgraded), beta))
  })

  test('bytes that are no text stay a generic attestation', () => {
    const message = create(OccurrenceSchema, {
      details: { case: 'attestation', value: { signatures: [{ signature: new Uint8Array([0xff]), publicKeyId: 'k' }] } },
    })
    const attestation = { contentType: 'SIMPLE_SIGNING_JSON', signatures: [{ signature: '/w==', publicKeyId: 'k' }] }
    assert.deepEqual(toJson(OccurrenceV1Beta1Schema, downgradeOccurrence(message)), {
      attestation: { attestation: { genericSignedAttestation: attestation } },
    })
  })

  test('other details are refused, not dropped', () => {
    assert.throws(() => upgradeOccurrence(fromJson(OccurrenceV1Beta1Schema, { derivedImage: {} })), isUnimplemented)
    assert.throws(() => upgradeOccurrence(fromJson(OccurrenceV1Beta1Schema, { deployment: {} })), isUnimplemented)
  })
})

function isUnimplemented(error: unknown): boolean {
  return error instanceof StatusError && error.code === 'UNIMPLEMENTED'
}
