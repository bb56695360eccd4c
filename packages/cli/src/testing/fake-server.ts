import { type JsonValue, toJson } from '@bufbuild/protobuf'
import { attestorMessage } from '@countersign/api/convert/attestor.ts'
import { Clusters } from '@countersign/api/gen/countersign/v1/clusters_pb.ts'
import { Evaluation } from '@countersign/api/gen/countersign/v1/evaluation_pb.ts'
import { Evidence } from '@countersign/api/gen/countersign/v1/evidence_pb.ts'
import { Projects } from '@countersign/api/gen/countersign/v1/projects_pb.ts'
import { Status } from '@countersign/api/gen/countersign/v1/status_pb.ts'
import { Tokens } from '@countersign/api/gen/countersign/v1/tokens_pb.ts'
import { AttestorSchema } from '@countersign/api/gen/google/cloud/binaryauthorization/v1/resources_pb.ts'
import {
  BinauthzManagementServiceV1,
  SystemPolicyV1,
  ValidationHelperV1,
} from '@countersign/api/gen/google/cloud/binaryauthorization/v1/service_pb.ts'
import { Grafeas } from '@countersign/api/gen/grafeas/v1/grafeas_pb.ts'
import { makeRestHandler } from '@countersign/api/rest/rest-handler.ts'
import { formatWarnings, WARNINGS_HEADER } from '@countersign/api/rest/warnings.ts'
import { formatPolicy } from '@countersign/core/policy/format.ts'
import { SYSTEM_POLICY } from '@countersign/core/policy/system-policy.ts'
import { makeTokens } from '@countersign/service/access/tokens.ts'
import { makeMetadataLists } from '@countersign/service/metadata/lists.ts'
import { clusterEtag } from '@countersign/service/registration/cluster-etag.ts'
import type { ClusterView } from '@countersign/service/registration/clusters.ts'
import type { PolicyView } from '@countersign/service/policy/policies.ts'
import type { StoredAttestor } from '@countersign/service/policy/ports.ts'
import { ADMIN } from '@countersign/service/testing/callers.ts'
import { checkWithKeys } from '@countersign/service/testing/check-with-keys.ts'
import { makePolicyWorld, type PolicyWorld } from '@countersign/service/testing/policy-world.ts'
import { evaluatePolicy } from '@countersign/service/validation/evaluate-policy.ts'
import { validateAttestationOccurrence } from '@countersign/service/validation/validate-attestation.ts'
import { NO_SETTINGS } from '@countersign/core/workload/cluster-settings.ts'
import type { GivenSettings } from '@countersign/service/registration/clusters.ts'
import { textIn } from '../connection/api.ts'
import type { HttpSend, HttpRequest } from '@countersign/adapters/http-send.ts'
import { serveFakeBreakGlass } from './fake-break-glass.ts'
import { serveFakeExemptions } from './fake-exemptions.ts'
import { pageIn as page, type FakeCall, type Json, serveJson } from './served-json.ts'
import { logOf } from './served-log.ts'

/** A server without a socket: the API's own transcoder over the flows, in memory. Its projects are `p1` and `p12`; `p1` has the note `qa`. */
export interface FakeServer {
  readonly send: HttpSend
  readonly world: PolicyWorld
  /** Every request that arrived. */
  readonly requests: readonly HttpRequest[]
}

const FAKE_URL = 'http://127.0.0.1:8080'
export const FAKE_TOKEN = 'cs_fake_token'
export const FAKE_CA = '-----BEGIN CERTIFICATE-----\nfake\n-----END CERTIFICATE-----\n'

/** Starts a fake server. */
export async function makeFakeServer(): Promise<FakeServer> {
  const world = await makePolicyWorld()
  const handler = makeRestHandler<FakeCall>([
    serveFakeBreakGlass(world),
    serveFakeExemptions(world),
    ...registrationOf(world),
    ...binauthzOf(world),
    ...metadataOf(world),
    ...logOf(world),
  ])
  const requests: HttpRequest[] = []
  const send: HttpSend = async (request) => {
    requests.push(request)
    if (request.headers['authorization'] !== `Bearer ${FAKE_TOKEN}`) {
      const body = { error: { code: 401, message: 'the token is unknown', status: 'UNAUTHENTICATED' } }
      return { status: 401, headers: {}, body: new TextEncoder().encode(JSON.stringify(body)) }
    }
    const warnings: string[] = []
    const url = request.url.slice(FAKE_URL.length)
    const answer = await handler.handle({ method: request.method, url, body: request.body ?? new Uint8Array() }, { warnings })
    if (answer.error?.code === 'INTERNAL') throw answer.error.cause
    return { ...answer, headers: { ...answer.headers, ...(warnings.length === 0 ? {} : { [WARNINGS_HEADER]: formatWarnings(warnings) }) } }
  }
  return { send, world, requests }
}

const text = textIn

/** The members that are set, as clients send them: the transcoder has filled in all others. */
function sparse(tree: JsonValue | undefined): unknown {
  return JSON.parse(JSON.stringify(tree, (_, value: unknown) => (value === '' || (Array.isArray(value) && value.length === 0) ? undefined : value)))
}

function registrationOf({ projects, clusters, store, surroundings }: PolicyWorld) {
  const tokens = makeTokens({ changes: store.changes, surroundings })
  const cluster = ({ project: owner, segment, ...rest }: ClusterView): unknown => ({
    ...rest,
    name: `projects/${owner}/clusters/${rest.key}`,
    webhookUrl: `https://gate/v1/webhook/${segment ?? ''}`,
    caBundle: FAKE_CA,
    etag: clusterEtag({ uid: rest.uid, settings: rest.settings }),
  })
  const project = (found: Awaited<ReturnType<typeof projects.getProject>>): unknown => ({ ...found, name: `projects/${found.id}` })
  const token = ({ id, role, notes, ...rest }: Awaited<ReturnType<typeof tokens.revokeToken>>): unknown => ({
    ...rest,
    name: `tokens/${id}`,
    role: role.toUpperCase(),
    noteNames: notes,
  })
  const settings = (given: unknown): GivenSettings => ({
    workloads: '',
    ...NO_SETTINGS,
    ...(given as { readonly settings?: object }).settings,
  })
  const [id, key] = [(name: string): string => name.split('/')[1] ?? '', (name: string): string => name.split('/')[3] ?? '']
  return [
    serveJson(Projects, {
      createProject: async (request) => project(await projects.createProject(ADMIN, text(request['project'], 'id'))),
      getProject: async (request) => project(await projects.getProject(ADMIN, id(text(request, 'name')))),
      deleteProject: async (request) => await projects.deleteProject(ADMIN, id(text(request, 'name'))),
      listProjects: async (request) => {
        const { projects: found, nextPageToken } = await projects.listProjects(ADMIN, page(request))
        return { projects: found.map(project), nextPageToken }
      },
    }),
    serveJson(Clusters, {
      registerCluster: async (request) => {
        const trustDomain = text(request['cluster'], 'trustDomain')
        const asked = { key: text(request['cluster'], 'key'), ...(trustDomain === '' ? {} : { trustDomain }) }
        return cluster(await clusters.registerCluster(ADMIN, id(text(request, 'parent')), { ...asked, settings: settings(request['cluster']) }))
      },
      updateCluster: async (request) => {
        const name = text(request['cluster'], 'name')
        return cluster(
          await clusters.updateCluster(
            ADMIN,
            { projectId: id(name), key: key(name), etag: text(request['cluster'], 'etag') },
            settings(request['cluster']),
          ),
        )
      },
      getCluster: async (request) => cluster(await clusters.getCluster(ADMIN, id(text(request, 'name')), key(text(request, 'name')))),
      removeCluster: async (request) => await clusters.removeCluster(ADMIN, id(text(request, 'name')), key(text(request, 'name'))),
      listClusters: async (request) => {
        const { clusters: found, nextPageToken } = await clusters.listClusters(ADMIN, id(text(request, 'parent')), page(request))
        return { clusters: found.map(cluster), nextPageToken }
      },
    }),
    serveJson(Tokens, {
      createToken: async (request) => {
        const asked = request['token'] as Json
        const [expireTime, within] = [text(asked, 'expireTime'), text(asked, 'project')]
        const made = await tokens.createToken(ADMIN, {
          displayName: text(asked, 'displayName'),
          role: text(asked, 'role').toLowerCase(),
          notes: asked['noteNames'] as readonly string[],
          ...(expireTime === '' ? {} : { expireTime }),
          ...(within === '' ? {} : { project: within }),
        })
        return { token: token(made.token), secret: made.text }
      },
      listTokens: async () => ({ tokens: (await tokens.listTokens(ADMIN)).map(token) }),
      revokeToken: async (request) => token(await tokens.revokeToken(ADMIN, text(request, 'name').replace('tokens/', ''))),
    }),
    serveJson(Status, {
      getStatus: async () => ({
        version: '0.1.0',
        apiUrl: FAKE_URL,
        gates: [{ writer: 'gate-1', feedPosition: '3', counters: { allowed: '2', denied: '0' } }],
      }),
    }),
  ]
}

function binauthzOf(world: PolicyWorld) {
  const { policies, attestors, store, surroundings } = world
  const policy = ({ policy: found, ...written }: PolicyView): unknown => formatPolicy(found, written)
  const attestor = ({ attestor: found, etag, updateTime }: StoredAttestor, projectNumber: string): unknown =>
    toJson(AttestorSchema, attestorMessage(found, { etag, updateTime, projectNumber }))
  const validation = { changes: store.changes, checkAttestation: checkWithKeys, surroundings }
  return [
    serveJson(BinauthzManagementServiceV1, {
      getPolicy: async (request) => policy(await policies.getPolicy(ADMIN, text(request, 'name'))),
      updatePolicy: async (request, { warnings }) => {
        const updated = await policies.updatePolicy(ADMIN, text(request['policy'], 'name'), sparse(request['policy']))
        warnings.push(...updated.warnings)
        return policy(updated.view)
      },
      createAttestor: async (request) => {
        const creation = { parent: text(request, 'parent'), attestorId: text(request, 'attestorId'), attestor: sparse(request['attestor']) }
        const { stored, projectNumber } = await attestors.createAttestor(ADMIN, creation)
        return attestor(stored, projectNumber)
      },
      getAttestor: async (request) => {
        const { stored, projectNumber } = await attestors.getAttestor(ADMIN, text(request, 'name'))
        return attestor(stored, projectNumber)
      },
      updateAttestor: async (request, { warnings }) => {
        const result = await attestors.updateAttestor(ADMIN, text(request['attestor'], 'name'), sparse(request['attestor']))
        warnings.push(...result.warnings)
        return attestor(result.stored, result.projectNumber)
      },
      listAttestors: async (request) => {
        const { attestors: found, projectNumber, nextPageToken } = await attestors.listAttestors(ADMIN, text(request, 'parent'), page(request))
        return { attestors: found.map((stored) => attestor(stored, projectNumber)), nextPageToken }
      },
      deleteAttestor: async (request, { warnings }) => void warnings.push(...(await attestors.deleteAttestor(ADMIN, text(request, 'name'))).warnings),
    }),
    serveJson(SystemPolicyV1, { getSystemPolicy: async (request) => policy(await policies.getSystemPolicy(ADMIN, text(request, 'name'))) }),
    serveJson(ValidationHelperV1, {
      validateAttestationOccurrence: async (request) => {
        const { attestation } = request
        const asked = {
          attestor: text(request, 'attestor'),
          attestation,
          occurrenceNote: text(request, 'occurrenceNote'),
          occurrenceResourceUri: text(request, 'occurrenceResourceUri'),
        }
        const { result, ...rest } = await validateAttestationOccurrence(validation, ADMIN, asked)
        return { result, ...('denialReason' in rest ? { denialReason: rest.denialReason } : {}) }
      },
    }),
    serveJson(Evaluation, {
      evaluatePolicy: async (request) => {
        const subject =
          request['resource'] === undefined
            ? { images: (request['images'] as Json)['images'] as readonly string[] }
            : { resource: request['resource'] }
        const place = Object.fromEntries(
          ['cluster', 'namespace', 'serviceAccount'].flatMap((name) => (text(request, name) === '' ? [] : [[name, text(request, name)]])),
        )
        const tried = request['policy'] === undefined ? {} : { policy: sparse(request['policy']) }
        const ports = { ...validation, feed: store.feed, systemPolicy: SYSTEM_POLICY }
        const judged = await evaluatePolicy(ports, ADMIN, { name: text(request, 'name'), subject, ...place, ...tried })
        return { outcome: 'ALLOWED', decision: { workloads: judged.map(({ subject: label, decision }) => ({ subject: label, ...decision })) } }
      },
    }),
  ]
}

function metadataOf({ notes, occurrences, store, pageTokens }: PolicyWorld) {
  const lists = makeMetadataLists({ changes: store.changes, pageTokens })
  const asked = (request: Json) => ({ ...page(request), filter: text(request, 'filter') })
  return [
    serveJson(Grafeas, {
      createNote: async (request) =>
        await notes.createNote(ADMIN, { parent: text(request, 'parent'), noteId: text(request, 'noteId'), note: sparse(request['note']) }),
      getNote: async (request) => await notes.getNote(ADMIN, text(request, 'name')),
      deleteNote: async (request) => await notes.deleteNote(ADMIN, text(request, 'name')),
      listNotes: async (request) => await lists.listNotes(ADMIN, text(request, 'parent'), asked(request)),
      createOccurrence: async (request) => await occurrences.createOccurrence(ADMIN, text(request, 'parent'), sparse(request['occurrence'])),
      getOccurrence: async (request) => await occurrences.getOccurrence(ADMIN, text(request, 'name')),
      deleteOccurrence: async (request) => await occurrences.deleteOccurrence(ADMIN, text(request, 'name')),
      listOccurrences: async (request) => await lists.listOccurrences(ADMIN, text(request, 'parent'), asked(request)),
      listNoteOccurrences: async (request) => await lists.listNoteOccurrences(ADMIN, text(request, 'name'), asked(request)),
    }),
    serveJson(Evidence, {
      listEvidence: async (request) => await lists.listEvidence(ADMIN, text(request, 'parent'), asked(request)),
      awaitEvidence: async (request) => ({ position: text(request, 'after'), changed: false }),
    }),
  ]
}
