import { createSign, generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { SYSTEM_POLICY } from '@countersign/core/policy/system-policy.ts'
import { importPublicKey } from '@countersign/evidence/key/import-key.ts'
import { makeAttestors } from '../policy/attestors.ts'
import type { Attestors } from '../policy/attestors.ts'
import { makeExemptions } from '../policy/exemptions.ts'
import type { Exemptions } from '../policy/exemptions.ts'
import { makePolicies } from '../policy/policies.ts'
import type { Policies } from '../policy/policies.ts'
import { ADMIN } from './callers.ts'
import { ATTESTATION_NOTE, makeMetadataWorld } from './metadata-world.ts'
import type { MetadataWorld } from './metadata-world.ts'

/** A world with policy, attestors and exemptions, in which project p1 has the note `qa`. */
export interface PolicyWorld extends MetadataWorld {
  readonly policies: Policies
  readonly attestors: Attestors
  readonly exemptions: Exemptions
}

/** Makes a policy world over these projects. */
export async function makePolicyWorld(projectIds: readonly string[] = ['p1', 'p12']): Promise<PolicyWorld> {
  const world = await makeMetadataWorld(projectIds)
  const { surroundings, pageTokens } = world
  const { changes } = world.store
  await world.notes.createNote(ADMIN, { parent: 'projects/p1', noteId: 'qa', note: ATTESTATION_NOTE })
  return {
    ...world,
    policies: makePolicies({ changes, surroundings, systemPolicy: SYSTEM_POLICY }),
    attestors: makeAttestors({ changes, surroundings, pageTokens, importKey: (key) => importPublicKey(key, { now: surroundings.now() }) }),
    exemptions: makeExemptions({ changes, surroundings, pageTokens }),
  }
}

/** A P-256 key pair, and its public half as an attestor's message carries it. */
export interface TestKey {
  readonly privateKey: KeyObject
  readonly message: Readonly<Record<string, unknown>>
}

/** Makes a new key; `id` is its id where given. */
export function makeTestKey(id?: string): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' })
  return { privateKey, message: { ...(id === undefined ? {} : { id }), pkixPublicKey: { publicKeyPem, signatureAlgorithm: 'ECDSA_P256_SHA256' } } }
}

/** Signs a payload for the digest and gives the attestation message. */
export function signAttestation(key: TestKey, keyId: string, digest: string): Readonly<Record<string, unknown>> {
  const critical = {
    identity: { 'docker-reference': 'registry.example/app' },
    image: { 'docker-manifest-digest': digest },
    type: 'Google cloud binauthz container signature',
  }
  const payload = Buffer.from(JSON.stringify({ critical }))
  const signature = createSign('sha256').update(payload).sign(key.privateKey)
  return { serializedPayload: payload.toString('base64'), signatures: [{ publicKeyId: keyId, signature: signature.toString('base64') }] }
}

/** An attestor's message on the note `qa`. */
export function attestorOf(...publicKeys: readonly unknown[]): Readonly<Record<string, unknown>> {
  return { userOwnedGrafeasNote: { noteReference: 'projects/p1/notes/qa', publicKeys } }
}

/** A policy's message that requires these attestors. */
export function requiring(...attestors: readonly string[]): Readonly<Record<string, unknown>> {
  const rule = { evaluationMode: 'REQUIRE_ATTESTATION', requireAttestationsBy: attestors, enforcementMode: 'ENFORCED_BLOCK_AND_AUDIT_LOG' }
  return { globalPolicyEvaluationMode: 'ENABLE', defaultAdmissionRule: rule }
}

/** A policy's message that denies everything. */
export const DENY_ALL = { defaultAdmissionRule: { evaluationMode: 'ALWAYS_DENY', enforcementMode: 'ENFORCED_BLOCK_AND_AUDIT_LOG' } }
