/** A Grafeas v1 message as proto3 JSON, canonical as the door wrote it: camelCase members, base64 bytes, enums by name. */
export type Message = Readonly<Record<string, unknown>>

/** The note and occurrence details of Grafeas v1, by member, and the kind that each makes (kritis-and-grafeas.md §4.3). */
export const DETAILS: Readonly<Record<string, string>> = {
  vulnerability: 'VULNERABILITY',
  build: 'BUILD',
  image: 'IMAGE',
  package: 'PACKAGE',
  deployment: 'DEPLOYMENT',
  discovery: 'DISCOVERY',
  attestation: 'ATTESTATION',
  upgrade: 'UPGRADE',
  compliance: 'COMPLIANCE',
  dsseAttestation: 'DSSE_ATTESTATION',
  vulnerabilityAssessment: 'VULNERABILITY_ASSESSMENT',
  sbomReference: 'SBOM_REFERENCE',
  secret: 'SECRET',
}

/** The details that a message carries: at most one in a message that came through a door. */
export function findDetails(message: Message): readonly { readonly member: string; readonly kind: string }[] {
  return Object.entries(DETAILS)
    .filter(([member]) => message[member] !== undefined && message[member] !== null)
    .map(([member, kind]) => ({ member, kind }))
}

/** Whether a value is an object of members. */
export function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A member that is a list, or an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** A member that is a text, or the empty one. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
