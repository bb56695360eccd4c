import { fromJson, type DescMessage, type JsonValue, type MessageShape } from '@bufbuild/protobuf'
import type { ClusterSettings } from '@countersign/api/gen/countersign/v1/clusters_pb.ts'
import {
  type Change,
  type GateAttestation,
  type GateAttestor,
  GateAttestor_State as State,
  type GateBreakGlass,
  type GateExemption,
  type GatePublicKey,
  type GateWorld,
} from '@countersign/api/gen/countersign/v1/gates_pb.ts'
import { policyTree } from '@countersign/api/convert/policy.ts'
import type { UnverifiedAttestation } from '@countersign/core/attestation/attestation.ts'
import type { AttestorPublicKey, PkixAttestorKey } from '@countersign/core/attestation/attestor.ts'
import { parseAttestorName, parseClusterKey, parseNoteName, parseOccurrenceName, type ProjectId } from '@countersign/core/name/resource-name.ts'
import type { Parsed } from '@countersign/core/parsed.ts'
import { parseBreakGlassSettings } from '@countersign/core/break-glass/settings.ts'
import type { Exemption } from '@countersign/core/policy/exemption.ts'
import { parsePolicy } from '@countersign/core/policy/parse.ts'
import { parseClusterSettings } from '@countersign/core/workload/cluster-settings.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { BreakGlassWorld, ChangeNotice, NamedAttestor, ProjectWorld, RegisteredCluster } from '@countersign/gate/ports.ts'

/*
 * What the centre says is parsed as everything is that comes from outside. What is not sound is DATA_LOSS: the gate then learns nothing new, and in the
 * end decides nothing; it never takes half of a world for one that allows. Members that a newer centre adds are passed over.
 */

/** An answer as the message that it should be. */
export function readMessage<D extends DescMessage>(schema: D, tree: unknown): MessageShape<D> {
  try {
    return fromJson(schema, tree as JsonValue, { ignoreUnknownFields: true })
  } catch (cause) {
    throw new StatusError('DATA_LOSS', `The centre's answer is no ${schema.typeName}`, { cause })
  }
}

/** The world of the gate's own project. */
export function readWorld(message: GateWorld, project: ProjectId): ProjectWorld {
  const { policy, policyEtag, policyUpdateTime, exemptions, attestors, clusters, breakGlass } = message
  if (message.project !== project || policy === undefined) throw unsound('world')
  return {
    project,
    number: message.projectNumber,
    policy: sound(parsePolicy(policyTree(policy)), 'policy'),
    policyEtag,
    ...(policyUpdateTime === '' ? {} : { policyUpdateTime }),
    exemptions: exemptions.map(readExemption),
    ...(breakGlass === undefined ? {} : { breakGlass: readBreakGlass(breakGlass) }),
    attestors: Object.fromEntries(attestors.map((attestor) => [sound(parseAttestorName(attestor.name), 'attestor'), readAttestor(attestor)])),
    clusters: clusters.map(({ key, uid, trustDomain, segment, settings }) => {
      if (segment === '') throw unsound('cluster')
      return { project, key: sound(parseClusterKey(key), 'cluster'), uid, trustDomain, segment, ...readSettings(settings) }
    }),
  }
}

/** A centre of before settings sends none. A mode or path that only a newer centre knows is unsound: the gate then goes on with what it knew. */
function readSettings(settings: ClusterSettings | undefined): Pick<RegisteredCluster, 'settings'> {
  return settings === undefined ? {} : { settings: sound(parseClusterSettings(settings), 'cluster') }
}

function readBreakGlass({ mode, clusters, publicKey, revoked }: GateBreakGlass): BreakGlassWorld {
  return { settings: sound(parseBreakGlassSettings({ mode, clusters }), 'break-glass settings'), publicKey, revoked }
}

function readExemption({ id, subject, namespace, owner, reason, expiresAtMs }: GateExemption): Exemption {
  if (subject.case === undefined || expiresAtMs <= 0n) throw unsound('exemption')
  const said = subject.case === 'pattern' ? { pattern: subject.value } : { digest: subject.value }
  return { id, subject: said, ...(namespace === '' ? {} : { namespace }), owner, reason, expiresAt: Number(expiresAtMs) }
}

function readAttestor(attestor: GateAttestor): NamedAttestor {
  const { name, state, etag, uid, description, note, noteUid, publicKeys } = attestor
  switch (state) {
    case State.ABSENT:
      return { state: 'ABSENT' }
    case State.NOT_GRANTED:
      return { state: 'NOT_GRANTED' }
    case State.PRESENT:
      return {
        state: 'PRESENT',
        etag,
        attestor: {
          name: sound(parseAttestorName(name), 'attestor'),
          uid,
          ...(description === '' ? {} : { description }),
          note: sound(parseNoteName(note), 'note'),
          noteUid,
          publicKeys: publicKeys.map(readKey),
        },
      }
    default:
      throw unsound('attestor')
  }
}

function readKey({ id, comment, key, signatureAlgorithm }: GatePublicKey): AttestorPublicKey {
  const named = { id, ...(comment === '' ? {} : { comment }) }
  switch (key.case) {
    case 'asciiArmoredPgp':
      return { type: 'PGP', ...named, asciiArmored: key.value }
    case 'publicKeyPem':
      // A name that is none of the enum's verifies nothing: whoever checks looks it up in the table of algorithms.
      return { type: 'PKIX', ...named, publicKeyPem: key.value, signatureAlgorithm: signatureAlgorithm as PkixAttestorKey['signatureAlgorithm'] }
    default:
      throw unsound('public key')
  }
}

/** An attestation as received by the store: who wrote it may be hostile. */
export function readAttestation(message: GateAttestation): UnverifiedAttestation {
  const { occurrence, note, noteUid, resourceUri, serializedPayload, signatures, jwts, receivedAtMs } = message
  return {
    occurrence: sound(parseOccurrenceName(occurrence), 'attestation'),
    note: sound(parseNoteName(note), 'attestation'),
    noteUid,
    resourceUri,
    serializedPayload,
    signatures: signatures.map(({ publicKeyId, signature }) => ({ publicKeyId, signature })),
    jwts,
    receivedAt: Number(receivedAtMs),
  }
}

const KINDS: readonly string[] = [
  'PROJECT',
  'CLUSTER',
  'POLICY',
  'EXEMPTION',
  'BREAK_GLASS',
  'ATTESTOR',
  'NOTE',
  'ATTESTATION',
] satisfies ChangeNotice['kind'][]

/** A change as the follower takes it: one to the gate's own project, whosever it was. A kind that this version does not know may have changed anything. */
export function readChange({ position, kind, name, note, digest }: Change, project: ProjectId): ChangeNotice {
  return {
    position: Number(position),
    project,
    kind: KINDS.includes(kind) ? (kind as ChangeNotice['kind']) : 'PROJECT',
    name,
    ...(note === '' ? {} : { note }),
    ...(digest === '' ? {} : { digest }),
  }
}

function sound<T>(parsed: Parsed<T>, what: string): T {
  if (parsed.ok) return parsed.value
  throw unsound(what)
}

function unsound(what: string): StatusError {
  return new StatusError(
    'DATA_LOSS',
    `The centre's answer holds a ${what} that this version cannot read: are gate and centre at most one version apart?`,
  )
}
