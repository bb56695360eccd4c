import { generateKeyPairSync } from 'node:crypto'
import type { UnverifiedAttestation } from '@countersign/core/attestation/attestation.ts'
import type { ImageDigest } from '@countersign/core/image/reference.ts'
import type { NoteName, OccurrenceName } from '@countersign/core/name/resource-name.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Discovery } from '@countersign/core/vulnerability/discovery.ts'
import type { Finding } from '@countersign/core/vulnerability/finding.ts'
import { NOW, SCANNER } from '@countersign/core/vulnerability/testing/finding.ts'
import { loadKeys } from '@countersign/evidence/attestation/loaded-keys.ts'
import { openPkixSigner } from '@countersign/evidence/sign/pkix-signer.ts'
import type { AttestationDraft, Attestations, Clock, Scans, SigningKey } from '../ports.ts'

const NOTE = 'projects/p1/notes/qa' as NoteName

/** A clock that sleeping moves; `waits` are the sleeps. */
export interface MemoryClock extends Clock {
  readonly waits: readonly number[]
}

/** Begins at the moment of the core's factories. Its random number is a half, at which waits are neither longer nor shorter. */
export function makeClock(random = 0.5): MemoryClock {
  let now = NOW
  const waits: number[] = []
  return {
    waits,
    now: () => now,
    random: () => random,
    sleep: async (ms, signal) => {
      waits.push(ms)
      now += ms
      signal?.throwIfAborted()
    },
  }
}

/** A scan's word, an hour old unless told otherwise. */
export function discovery(status: Discovery['status'], overrides: Partial<Discovery> = {}): Discovery {
  return { scanner: SCANNER, status, updatedAt: NOW - 3_600_000, ...overrides }
}

/** Scans by a script: what each question is answered, the last answer for ever. */
export function scansOf(answers: readonly (readonly Discovery[] | StatusError)[], findings: readonly Finding[] = []): Scans & { asked(): number } {
  let asked = 0
  return {
    asked: () => asked,
    listDiscoveries: async () => {
      const answer = answers[Math.min(asked++, answers.length - 1)] ?? []
      if (answer instanceof StatusError) throw answer
      return answer
    },
    listFindings: async () => findings,
  }
}

/** Attestations of one image in a table, and what was done to it, in order. */
export interface MemoryAttestations extends Attestations {
  readonly rows: Map<string, UnverifiedAttestation>
  readonly done: string[]
  note: 'PRESENT' | 'ABSENT'
}

export function makeAttestations(resourceUri: string): MemoryAttestations {
  const rows = new Map<string, UnverifiedAttestation>()
  const done: string[] = []
  let count = 0
  const table: MemoryAttestations = {
    rows,
    done,
    note: 'PRESENT',
    findNote: async () => table.note,
    createNote: async () => {
      done.push('createNote')
      table.note = 'PRESENT'
    },
    list: async () => [...rows.values()],
    create: async (draft) => {
      if ([...rows.values()].some((row) => textOf(row) === textOf(draft))) throw new StatusError('ALREADY_EXISTS', 'it is there')
      const occurrence = `projects/p1/occurrences/${++count}` as OccurrenceName
      done.push(`create ${count}`)
      rows.set(occurrence, { occurrence, note: NOTE, noteUid: 'u', resourceUri, jwts: [], receivedAt: NOW, ...draft })
      return occurrence
    },
    get: async (occurrence) => rows.get(occurrence) ?? absent(occurrence),
    delete: async (occurrence) => {
      done.push(`delete ${occurrence.split('/').at(-1)}`)
      rows.delete(occurrence)
    },
  }
  return table
}

/** A fresh key. RSA signs the same bytes the same way each time, ECDSA never does. */
export async function makeKey(kind: 'RSA' | 'ECDSA' = 'ECDSA'): Promise<SigningKey> {
  const pair = kind === 'RSA' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signatureAlgorithm = kind === 'RSA' ? 'RSA_SIGN_PKCS1_2048_SHA256' : 'ECDSA_P256_SHA256'
  const signer = openPkixSigner({ privateKeyPem: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), signatureAlgorithm })
  if (!signer.ok) throw new Error(signer.issues[0]?.message)
  const publicKeyPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const id = signer.value.publicKeyId
  return { signer: signer.value, publicKeys: await loadKeys([{ type: 'PKIX', id, publicKeyPem, signatureAlgorithm }]) }
}

/** The digest of a test image. */
export function digestOf(image: string): ImageDigest {
  return image.slice(image.indexOf('@') + 1) as ImageDigest
}

function textOf({ serializedPayload, signatures }: AttestationDraft): string {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
  return JSON.stringify([hex(serializedPayload), signatures.map((one) => [one.publicKeyId, hex(one.signature)])])
}

function absent(occurrence: string): never {
  throw new StatusError('NOT_FOUND', `${occurrence} does not exist`)
}
