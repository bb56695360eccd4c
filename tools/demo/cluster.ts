import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import type { Played } from './stage.ts'

/** The name under which the API server knows the webhook: what people read in a refusal. */
const WEBHOOK = 'imagepolicywebhook.image-policy.k8s.io'

interface PodObject {
  readonly metadata: { readonly name: string; readonly annotations?: object; readonly labels?: object }
  readonly spec: { readonly containers: readonly { readonly image: string }[] }
}

/** An API server's part of the story: it asks the webhook as one does, keeps what was admitted, and answers as kubectl would show it. */
export interface DemoCluster {
  /** `kubectl apply -f FILE` of a new Pod. */
  create(pod: PodObject, file: string): Promise<Played>
  /** `kubectl label pod NAME …`: an update that leaves the images as they are. */
  label(name: string): Promise<Played>
  remove(name: string): Promise<Played>
  list(): Played
  /** The same question by an older API server's ImagePolicyWebhook. */
  createByImageReview(pod: PodObject): Promise<Played>
}

/** Opens a cluster that asks at `webhookUrl` and trusts the authority in `caFile`. */
export function openCluster(webhookUrl: string, caFile: string): DemoCluster {
  const running = new Map<string, PodObject>()
  const ca = readFileSync(caFile, 'utf8')
  const ask = (body: unknown): Promise<Answer> => post(`${webhookUrl}?timeout=10s`, JSON.stringify(body), ca)
  return {
    create: async (pod, file) => {
      const { response } = await ask(admissionReview('CREATE', pod))
      const warnings = (response.warnings ?? []).map((warning) => `Warning: ${warning}\n`).join('')
      if (!response.allowed) {
        const { reason, message } = response.status ?? {}
        const text = `Error from server (${reason}): error when creating "${file}": admission webhook "${WEBHOOK}" denied the request: ${message}`
        return { code: 1, output: `${warnings}${text}\n` }
      }
      running.set(pod.metadata.name, pod)
      return { code: 0, output: `${warnings}pod/${pod.metadata.name} created\n` }
    },
    label: async (name) => {
      const before = running.get(name)
      if (before === undefined) return notFound(name)
      const after = { ...before, metadata: { ...before.metadata, labels: { ...before.metadata.labels, team: 'web' } } }
      const { response } = await ask(admissionReview('UPDATE', after, before))
      return response.allowed ? { code: 0, output: `pod/${name} labeled\n` } : { code: 1, output: `${response.status?.message}\n` }
    },
    remove: async (name) => (running.delete(name) ? { code: 0, output: `pod "${name}" deleted\n` } : notFound(name)),
    list: () => {
      const rows = [...running.keys()].map((name) => `${name.padEnd(20)}1/1     Running\n`)
      return { code: 0, output: rows.length === 0 ? 'No resources found.\n' : `${'NAME'.padEnd(20)}READY   STATUS\n${rows.join('')}` }
    },
    createByImageReview: async (pod) => {
      const { status } = await ask(imageReview(pod))
      const prefix = `Error from server (Forbidden): pods "${pod.metadata.name}" is forbidden: image policy webhook backend denied one or more images: `
      return status.allowed ? { code: 0, output: `pod/${pod.metadata.name} created\n` } : { code: 1, output: `${prefix}${status.reason}\n` }
    },
  }
}

function admissionReview(operation: 'CREATE' | 'UPDATE', object: PodObject, oldObject?: PodObject): object {
  const { name } = object.metadata
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: randomUUID(),
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      name,
      namespace: 'default',
      operation,
      userInfo: { username: 'deployer@example.com' },
      object,
      ...(oldObject === undefined ? {} : { oldObject }),
    },
  }
}

function imageReview({ metadata, spec }: PodObject): object {
  const annotations = metadata.annotations === undefined ? {} : { annotations: metadata.annotations }
  const containers = spec.containers.map(({ image }) => ({ image }))
  return { apiVersion: 'imagepolicy.k8s.io/v1alpha1', kind: 'ImageReview', spec: { containers, namespace: 'default', ...annotations } }
}

interface Answer {
  readonly response: {
    readonly allowed: boolean
    readonly status?: { readonly reason?: string; readonly message?: string }
    readonly warnings?: readonly string[]
  }
  readonly status: { readonly allowed: boolean; readonly reason?: string }
}

function post(url: string, body: string, ca: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', ca, agent: false, headers: { 'content-type': 'application/json' } }, (answer) => {
      let text = ''
      answer.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      answer.on('end', () =>
        answer.statusCode === 200 ? resolve(JSON.parse(text)) : reject(new Error(`The webhook answered ${answer.statusCode}: ${text}`)),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

function notFound(name: string): Played {
  return { code: 1, output: `Error from server (NotFound): pods "${name}" not found\n` }
}
