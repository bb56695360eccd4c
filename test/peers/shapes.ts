/** The two generations of the API write the same things differently. Each function gives what a request says. */
export interface Generation {
  readonly version: 'v1' | 'v1beta1'
  readonly note: (hint: string) => object
  readonly occurrence: (noteName: string, payload: string | Uint8Array) => object
}

export const DENY_ALL = { evaluationMode: 'ALWAYS_DENY', enforcementMode: 'ENFORCED_BLOCK_AND_AUDIT_LOG' }

const RESOURCE = `https://registry.example/team/app@sha256:${'ab'.repeat(32)}`
const KEY = 'https://keys.example/1'

/** What `projects.notes` and `projects.occurrences` take, by the version in the path. */
export const generations: readonly Generation[] = [
  {
    version: 'v1',
    note: (humanReadableName) => ({ attestation: { hint: { humanReadableName } } }),
    occurrence: (noteName, serializedPayload) => ({
      noteName,
      resourceUri: RESOURCE,
      attestation: { serializedPayload, signatures: [{ publicKeyId: KEY, signature: serializedPayload }] },
    }),
  },
  {
    version: 'v1beta1',
    note: (humanReadableName) => ({ attestationAuthority: { hint: { humanReadableName } } }),
    occurrence: (noteName, serializedPayload) => ({
      noteName,
      resource: { uri: RESOURCE },
      attestation: {
        attestation: {
          genericSignedAttestation: {
            contentType: 'SIMPLE_SIGNING_JSON',
            serializedPayload,
            signatures: [{ publicKeyId: KEY, signature: serializedPayload }],
          },
        },
      },
    }),
  },
]

/** The generation of this version. */
export function getGeneration(version: Generation['version']): Generation {
  const found = generations.find((generation) => generation.version === version)
  if (found === undefined) throw new Error(version)
  return found
}
