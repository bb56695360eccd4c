import { generateKeyPairSync, hash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempFolder } from '../harness/temp-folder.ts'
import { callApi } from './api-client.ts'
import { CLUSTER, type Countersign, type GuardedCluster } from './guarded-cluster.ts'
import { expectOutput, type KubectlResult } from './kubectl.ts'
import { DENY_ALL, type Policy } from './policies.ts'
import { pod } from './objects.ts'
import { until } from './until.ts'

/** The project of the same name, and what a test does in it. */
export interface Project {
  readonly name: string
  readonly setPolicy: (policy: Policy) => Promise<void>
  /** Runs `clusters update` with these flags; what the API server asks about stays as it was. */
  readonly updateCluster: (flags: readonly string[]) => Promise<void>
  /** Makes note, attestor and key; gives what signs with it. */
  readonly openAttestor: () => Promise<(image: string) => Promise<void>>
  /** The decisions on record, oldest first. */
  readonly listDecisions: () => Promise<readonly Decision[]>
}

/** A namespace, guarded by the project of the same name: what happens in one room no other room sees. */
export interface Room extends Project {
  readonly kubectl: (args: readonly string[], input?: object | string) => Promise<KubectlResult>
  /** What the API server's own audit log says of an object. */
  readonly auditAnnotations: (verb: string, name: string) => Promise<Readonly<Record<string, string>>>
}

/** An entry of the server's log. */
export interface Decision {
  readonly protoPayload: { readonly resourceName?: string; readonly methodName?: string; readonly status?: { readonly code?: number } }
  readonly labels?: Readonly<Record<string, string>>
}

/** How a room is guarded: further rules of the webhook, beside those that `clusters register` prints. */
export interface RoomOptions {
  readonly rules?: readonly object[]
  readonly countersign?: Countersign
  /** Flags of `clusters register` beside the name. */
  readonly register?: readonly string[]
}

/** Makes a guarded room. It refuses everything until the test sets a policy. */
export async function openRoom(cluster: GuardedCluster, name: string, options: RoomOptions = {}): Promise<Room> {
  const countersign = options.countersign ?? cluster.countersign
  const project = projectOn(countersign, name)
  const room = { ...project, ...namespaceOf(cluster, name) }
  await countersign(['projects', 'create', name])
  await project.setPolicy(DENY_ALL)
  await openNamespace(cluster, name)
  const printed = await countersign(['clusters', 'register', CLUSTER, '--project', name, '--webhook-configuration', ...(options.register ?? [])])
  await applyWebhook(cluster, printed, { name, rules: options.rules ?? [] })
  return room
}

/** Makes a namespace in which Pods can be made. */
export async function openNamespace({ kubectl, plane }: GuardedCluster, name: string): Promise<void> {
  await expectOutput(kubectl(['create', 'namespace', name]))
  await until('the default service account', async () => {
    const { status } = await callApi(plane.client, 'GET', `/api/v1/namespaces/${name}/serviceaccounts/default`)
    return status === 200 ? true : undefined
  })
}

/** What a test does in a namespace. */
export function namespaceOf({ kubectl, plane }: GuardedCluster, name: string): Pick<Room, 'kubectl' | 'auditAnnotations'> {
  return {
    kubectl: (args, input) => kubectl(['--namespace', name, ...args], input),
    auditAnnotations: (verb, object) =>
      until(`an audit event "${verb} ${object}" of the API server`, async () =>
        findAnnotations(plane.auditLog, { verb, namespace: name, name: object }),
      ),
  }
}

/** A project that exists on the server. */
export function projectOn(countersign: Countersign, name: string): Project {
  const inProject = (args: readonly string[], input?: string) => countersign([...args, '--project', name], input)
  return {
    name,
    setPolicy: async (policy) => {
      await inProject(['policy', 'import', '-'], JSON.stringify(policy))
    },
    updateCluster: async (flags) => {
      await inProject(['clusters', 'update', CLUSTER, ...flags])
    },
    openAttestor: () => openAttestor(inProject, name),
    listDecisions: async () => {
      const printed = await inProject(['audit', 'list', '--order', 'asc', '--filter', 'resource.type="k8s_cluster"', '--format', 'json'])
      return JSON.parse(printed) as Decision[]
    },
  }
}

/** An image that nobody else speaks of. */
export function imageNamed(name: string): string {
  return `registry.example/${name}@sha256:${hash('sha256', name)}`
}

async function openAttestor(inProject: Countersign, project: string): Promise<(image: string) => Promise<void>> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const [privateFile, publicFile] = ['key.pem', 'key.pub.pem'].map((file) => join(tempFolder(), file)) as [string, string]
  writeFileSync(privateFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  writeFileSync(publicFile, publicKey.export({ type: 'spki', format: 'pem' }))
  await inProject(['notes', 'create', 'built'])
  await inProject(['attestors', 'create', 'built', '--attestation-authority-note', 'built'])
  const [keyFlags, signFlags] = [
    ['--pkix-public-key-file', publicFile, '--pkix-public-key-algorithm', 'ecdsa-p256-sha256'],
    ['--pkix-private-key-file', privateFile, '--pkix-private-key-algorithm', 'ecdsa-p256-sha256'],
  ]
  await inProject(['attestors', 'public-keys', 'add', '--attestor', 'built', ...(keyFlags ?? [])])
  return async (image) => {
    const attestor = `projects/${project}/attestors/built`
    await inProject(['attestations', 'sign-and-create', '--artifact-url', image, '--attestor', attestor, ...(signFlags ?? [])])
  }
}

interface WebhookConfiguration {
  readonly metadata: object
  readonly webhooks: readonly { readonly rules: readonly object[] }[]
}

/** Applies what the command line printed, but for this namespace only, and waits until the API server minds it. */
async function applyWebhook(
  { kubectl, plane }: GuardedCluster,
  printed: string,
  { name, rules }: { readonly name: string; readonly rules: readonly object[] },
): Promise<void> {
  const read = await expectOutput(kubectl(['create', '--dry-run=client', '-o', 'json', '-f', '-'], printed))
  const { metadata, webhooks, ...rest } = JSON.parse(read) as WebhookConfiguration
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': name } }
  const narrowed = webhooks.map((webhook) => ({ ...webhook, namespaceSelector, rules: [...webhook.rules, ...rules] }))
  await expectOutput(kubectl(['apply', '-f', '-'], { ...rest, metadata: { ...metadata, name }, webhooks: narrowed }))
  await until('the webhook to be asked', async () => {
    const path = `/api/v1/namespaces/${name}/pods?dryRun=All`
    const { body } = await callApi(plane.client, 'POST', path, pod('probe', imageNamed('probe')))
    return body.includes('denied the request') ? true : undefined
  })
}

interface AuditEvent {
  readonly verb: string
  readonly objectRef?: { readonly namespace?: string; readonly name?: string; readonly subresource?: string }
  readonly annotations?: Readonly<Record<string, string>>
}

function findAnnotations(
  file: string,
  wanted: { readonly verb: string; readonly namespace: string; readonly name: string },
): Readonly<Record<string, string>> | undefined {
  const events = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as AuditEvent)
  const event = events.findLast(
    ({ verb, objectRef }) =>
      verb === wanted.verb && objectRef?.namespace === wanted.namespace && objectRef.name === wanted.name && objectRef.subresource !== 'status',
  )
  return event?.annotations ?? (event === undefined ? undefined : {})
}
