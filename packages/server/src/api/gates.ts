import type { MessageInitShape } from '@bufbuild/protobuf'
import {
  type ChangeSchema,
  GateAttestor_State as State,
  type GateAttestationSchema,
  type GateAttestorSchema,
  type GateBreakGlassSchema,
  type GateExemptionSchema,
  Gates as GatesService,
  type GateWorldSchema,
  type ReportGateRequest,
} from '@countersign/api/gen/countersign/v1/gates_pb.ts'
import { policyMessage } from '@countersign/api/convert/policy.ts'
import { serve, type ServedService } from '@countersign/api/rest/service-implementation.ts'
import type { ClusterChange, ClusterSource, ClusterSources } from '@countersign/adapters/store/cluster-source.ts'
import type { UnverifiedAttestation } from '@countersign/core/attestation/attestation.ts'
import { isImageDigest } from '@countersign/core/image/reference.ts'
import { parseNoteName } from '@countersign/core/name/resource-name.ts'
import type { Exemption } from '@countersign/core/policy/exemption.ts'
import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { BreakGlassWorld, NamedAttestor, ProjectWorld } from '@countersign/gate/ports.ts'
import type { Caller } from '@countersign/service/access/caller.ts'
import { getValue } from '@countersign/service/changes/invalid.ts'
import type { Gates } from '@countersign/service/gates/gates.ts'
import type { GateReport } from '@countersign/service/gates/ports.ts'
import type { CallContext } from './call-context.ts'

/** What the centre serves gates from. */
export interface GateParts {
  readonly gates: Gates
  readonly sources: ClusterSources
  readonly feedPosition: () => Promise<number>
}

/** `countersign.v1.Gates`: what a gate that stands alone needs of the centre, and what it brings. */
export function serveGates({ gates, sources, feedPosition }: GateParts): ServedService<CallContext> {
  const sourceFor = async (caller: Caller, name: string): Promise<ClusterSource> => sources.of(await gates.follow(caller, name))
  return serve(GatesService, {
    getWorld: async ({ name }, { caller }) => {
      const { position, world } = await (await sourceFor(caller, name)).loadProject()
      return { position: BigInt(position), ...(world === undefined ? {} : { world: formatWorld(world) }) }
    },
    listChanges: async ({ name, after }, { caller }) => {
      const { changes, position, head, notes } = await (await sourceFor(caller, name)).readChanges(Number(after))
      return { changes: changes.map(formatChange), position: BigInt(position), head: BigInt(head), notes: [...notes] }
    },
    findAttestations: async ({ name, note, noteUid, digest }, { caller }) => {
      const source = await sourceFor(caller, name)
      if (!isImageDigest(digest))
        throw new StatusError('INVALID_ARGUMENT', `Digest ${quote(digest)} is not valid: expected sha256: and 64 hexadecimal digits`)
      const { position, attestations } = await source.findAttestations(getValue(parseNoteName(note)), noteUid, digest)
      return { position: BigInt(position), attestations: attestations.map(formatAttestation) }
    },
    shipRecords: async ({ name, writer, records }, { caller }) => {
      const batch = records.map(({ sequence, previousHash, hash, canonical }) => ({
        writer,
        sequence: Number(sequence),
        previousHash,
        hash,
        canonical,
      }))
      return { sequence: BigInt(await gates.ship(caller, name, { writer, records: batch })) }
    },
    reportGate: async (request, { caller }) => {
      await gates.report(caller, request.name, { writer: request.writer, report: readReport(request) })
      return { feedPosition: BigInt(await feedPosition()) }
    },
  })
}

/** A row of the feed as a message. */
export function formatChange({ position, ...change }: ClusterChange): MessageInitShape<typeof ChangeSchema> {
  return { ...change, position: BigInt(position) }
}

function formatWorld(world: ProjectWorld): MessageInitShape<typeof GateWorldSchema> {
  const { project, number, policy, policyEtag, policyUpdateTime = '', exemptions, attestors, clusters, breakGlass } = world
  return {
    project,
    projectNumber: number,
    policy: policyMessage(policy, {}),
    policyEtag,
    policyUpdateTime,
    exemptions: exemptions.map(formatExemption),
    ...(breakGlass === undefined ? {} : { breakGlass: formatBreakGlass(breakGlass) }),
    attestors: Object.entries<NamedAttestor>(attestors).map(([name, named]) => formatAttestor(name, named)),
    clusters: clusters.map(({ key, uid, trustDomain, segment, settings }) => ({
      key,
      uid,
      trustDomain,
      segment,
      ...(settings === undefined ? {} : { settings: { ...settings, imagePaths: [...settings.imagePaths] } }),
    })),
  }
}

function formatBreakGlass({ settings, publicKey, revoked }: BreakGlassWorld): MessageInitShape<typeof GateBreakGlassSchema> {
  return { mode: settings.mode, clusters: { ...settings.clusters }, publicKey, revoked: [...revoked] }
}

function formatExemption({ id, subject, namespace = '', owner, reason, expiresAt }: Exemption): MessageInitShape<typeof GateExemptionSchema> {
  const said = 'pattern' in subject ? { case: 'pattern' as const, value: subject.pattern } : { case: 'digest' as const, value: subject.digest }
  return { id, subject: said, namespace, owner, reason, expiresAtMs: BigInt(expiresAt) }
}

function formatAttestor(name: string, named: NamedAttestor): MessageInitShape<typeof GateAttestorSchema> {
  if (named.state !== 'PRESENT') return { name, state: State[named.state] }
  const { uid, description = '', note, noteUid, publicKeys } = named.attestor
  return {
    name,
    state: State.PRESENT,
    etag: named.etag,
    uid,
    description,
    note,
    noteUid,
    publicKeys: publicKeys.map((key) => {
      const { id, comment = '' } = key
      if (key.type === 'PGP') return { id, comment, key: { case: 'asciiArmoredPgp' as const, value: key.asciiArmored } }
      return { id, comment, key: { case: 'publicKeyPem' as const, value: key.publicKeyPem }, signatureAlgorithm: key.signatureAlgorithm }
    }),
  }
}

function formatAttestation(attestation: UnverifiedAttestation): MessageInitShape<typeof GateAttestationSchema> {
  const { receivedAt, signatures, jwts, ...rest } = attestation
  return {
    ...rest,
    serializedPayload: new Uint8Array(attestation.serializedPayload),
    signatures: signatures.map(({ publicKeyId, signature }) => ({ publicKeyId, signature: new Uint8Array(signature) })),
    jwts: [...jwts],
    receivedAtMs: BigInt(receivedAt),
  }
}

function readReport({ displayName, version, feedPosition, policyEtag, staleForMs, unshippedRecords, counters }: ReportGateRequest): GateReport {
  return {
    displayName,
    version,
    position: Number(feedPosition),
    policyEtag,
    staleForMs: Number(staleForMs),
    unshipped: Number(unshippedRecords),
    counters: Object.fromEntries(Object.entries(counters).map(([name, count]) => [name, Number(count)])),
  }
}
