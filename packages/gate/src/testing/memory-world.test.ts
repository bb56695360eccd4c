import type { UnverifiedAttestation } from '@countersign/core/attestation/attestation.ts'
import { attestedBy, attestorWithKey, DIGEST, policy, PROJECT, projectWorld } from './factories.ts'
import { MemoryWorld } from './memory-world.ts'
import { worldSourceContract } from './world-source-contract.ts'

worldSourceContract('memory', async () => {
  const signer = attestorWithKey()
  const { name } = signer.attestor
  const attestors = { [name]: { state: 'PRESENT', attestor: signer.attestor, etag: '"1"' } } as const
  const requiring = () => projectWorld({ policy: policy({ defaultAdmissionRule: attestedBy(name) }), attestors })
  const source = new MemoryWorld([requiring()])
  const attestation = (payload: string): UnverifiedAttestation => ({ ...signer.attest(DIGEST), serializedPayload: Buffer.from(payload) })
  const stored = new Map<string, UnverifiedAttestation>()
  return {
    source,
    project: PROJECT,
    attestor: name,
    digest: DIGEST,
    putPolicy: async (naming) => source.putProject(naming === 'ATTESTOR' ? requiring() : projectWorld()),
    attest: async (payload) => {
      const made = attestation(payload)
      stored.set(payload, made)
      return source.addAttestation(made, DIGEST)
    },
    withdraw: async (payload) => {
      const made = stored.get(payload)
      if (made === undefined) throw new Error(payload)
      return source.removeAttestation(made, DIGEST)
    },
  }
})
