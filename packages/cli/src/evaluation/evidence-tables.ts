import type { Attestor, AttestorPublicKey } from '@countersign/core/attestation/attestor.ts'
import { digestOfResourceUri } from '@countersign/core/image/resource-uri.ts'
import {
  type AttestorName,
  type NoteName,
  parseAttestorName,
  parseNoteName,
  parseOccurrenceName,
  parseProjectId,
} from '@countersign/core/name/resource-name.ts'
import type { Parsed } from '@countersign/core/parsed.ts'
import type { Exemption } from '@countersign/core/policy/exemption.ts'
import { parseTimestamp } from '@countersign/core/timestamp.ts'
import { parseSignatureAlgorithm } from '@countersign/evidence/key/algorithm.ts'
import type { StoredAttestation, ValidationTables } from '@countersign/service/validation/ports.ts'
import { textIn, type Tree, treesIn } from '../connection/api.ts'
import { UsageError } from '../terminal.ts'
import type { EvidenceFile } from './evidence-file.ts'

/**
 * An evidence file as the tables that validation reads. The API tells no uids, so names stand for them: a note that was
 * deleted and created again before the file was saved cannot be told from the old one here; the server can.
 */
export function tablesOf(evidence: EvidenceFile): ValidationTables {
  const attestors = new Map(evidence.attestors.map(readAttestor).map((attestor) => [attestor.name, attestor]))
  const stored = evidence.attestations.map(readAttestation)
  const find = (name: AttestorName) => {
    const attestor = attestors.get(name)
    return attestor === undefined ? undefined : { attestor, etag: '' }
  }
  return {
    findProject: async () => ({ id: accept(parseProjectId(evidence.project)), number: '' }),
    findNote: async (name) => ({ name, uid: name }),
    findPolicy: async () => undefined,
    findAttestor: async (name) => find(name),
    findNamedAttestor: async (_project, name) => find(name),
    findCluster: async (_project, key) => {
      const cluster = evidence.clusters.find((one) => textIn(one, 'key') === key)
      return cluster === undefined ? undefined : { trustDomain: textIn(cluster, 'trustDomain') }
    },
    listExemptions: async () => ({ items: evidence.exemptions.map((tree) => ({ exemption: readExemption(tree) })) }),
    listOccurrences: async ({ note, digest }) => ({
      items: stored.filter((one) => one.note === note.name && digestOfResourceUri(one.resourceUri) === digest),
    }),
  }
}

function readAttestor(tree: Tree): Attestor {
  const note = accept(parseNoteName(textIn(tree, 'userOwnedGrafeasNote', 'noteReference')))
  return {
    name: accept(parseAttestorName(textIn(tree, 'name'))),
    uid: '',
    note,
    noteUid: note,
    publicKeys: treesIn(tree, 'userOwnedGrafeasNote', 'publicKeys').map(readKey),
  }
}

function readKey(tree: Tree): AttestorPublicKey {
  const id = textIn(tree, 'id')
  const asciiArmored = textIn(tree, 'asciiArmoredPgpPublicKey')
  if (asciiArmored !== '') return { type: 'PGP', id, asciiArmored }
  const signatureAlgorithm = parseSignatureAlgorithm(textIn(tree, 'pkixPublicKey', 'signatureAlgorithm'))
  return {
    type: 'PKIX',
    id,
    publicKeyPem: textIn(tree, 'pkixPublicKey', 'publicKeyPem'),
    signatureAlgorithm: signatureAlgorithm ?? 'SIGNATURE_ALGORITHM_UNSPECIFIED',
  }
}

/** An attestation occurrence as the API tells it. Names stand for uids, which the API does not tell. */
export function readAttestation(tree: Tree): StoredAttestation {
  const note: NoteName = accept(parseNoteName(textIn(tree, 'noteName')))
  const name = accept(parseOccurrenceName(textIn(tree, 'name')))
  return { name, note, noteUid: note, resourceUri: textIn(tree, 'resourceUri'), body: JSON.stringify(tree), createTime: textIn(tree, 'createTime') }
}

function readExemption(tree: Tree): Exemption {
  const [pattern, namespace] = [textIn(tree, 'pattern'), textIn(tree, 'namespace')]
  return {
    id: textIn(tree, 'name').split('/').at(-1) ?? '',
    subject: pattern === '' ? { digest: textIn(tree, 'digest') } : { pattern },
    ...(namespace === '' ? {} : { namespace }),
    owner: textIn(tree, 'owner'),
    reason: textIn(tree, 'reason'),
    expiresAt: parseTimestamp(textIn(tree, 'expireTime')) ?? 0,
  }
}

function accept<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value
  throw new UsageError(`The evidence file is damaged: ${parsed.issues[0]?.message ?? 'it holds a name that is not valid'}`)
}
