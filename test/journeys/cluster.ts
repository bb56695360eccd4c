import { readFileSync } from 'node:fs'
import { request } from 'node:https'

/** What the gate answered, as an API server reads it. */
export interface Verdict {
  readonly allowed: boolean
  /** The denial text, without what the API server puts before it. */
  readonly message: string
  readonly annotations: Readonly<Record<string, string>>
}

export interface Pod {
  readonly name: string
  readonly image: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
}

/** An API server's part: asks the webhook at `url` about a new Pod. */
export async function admit(url: string, caFile: string, pod: Pod): Promise<Verdict> {
  const { response } = (await post(url, caFile, admissionReview('CREATE', objectOf(pod)))) as { readonly response: ReviewResponse }
  return { allowed: response.allowed, message: response.status?.message ?? '', annotations: response.auditAnnotations ?? {} }
}

/** Asks about a change of labels of a Pod that runs. */
export async function relabel(url: string, caFile: string, pod: Pod): Promise<boolean> {
  const { response } = (await post(url, caFile, admissionReview('UPDATE', objectOf({ ...pod, labels: { team: 'web' } }), objectOf(pod)))) as {
    readonly response: ReviewResponse
  }
  return response.allowed
}

/** Asks about the deletion of a Pod that runs. */
export async function remove(url: string, caFile: string, pod: Pod): Promise<boolean> {
  const { response } = (await post(url, caFile, admissionReview('DELETE', null, objectOf(pod)))) as { readonly response: ReviewResponse }
  return response.allowed
}

/** Asks as an older API server's ImagePolicyWebhook does. */
export async function review(url: string, caFile: string, { image, annotations }: Pod): Promise<Verdict> {
  const spec = { containers: [{ image }], namespace: 'default', ...(annotations === undefined ? {} : { annotations }) }
  const { status } = (await post(url, caFile, { apiVersion: 'imagepolicy.k8s.io/v1alpha1', kind: 'ImageReview', spec })) as {
    readonly status: { readonly allowed: boolean; readonly reason?: string; readonly auditAnnotations?: Readonly<Record<string, string>> }
  }
  return { allowed: status.allowed, message: status.reason ?? '', annotations: status.auditAnnotations ?? {} }
}

interface ReviewResponse {
  readonly allowed: boolean
  readonly status?: { readonly message?: string }
  readonly auditAnnotations?: Readonly<Record<string, string>>
}

function objectOf({ name, image, annotations, labels }: Pod): object {
  const metadata = { name, namespace: 'default', ...(annotations === undefined ? {} : { annotations }), ...(labels === undefined ? {} : { labels }) }
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'nginx', image }] } }
}

function admissionReview(operation: 'CREATE' | 'UPDATE' | 'DELETE', object: object | null, oldObject?: object): object {
  const named = { kind: { group: '', version: 'v1', kind: 'Pod' }, resource: { group: '', version: 'v1', resource: 'pods' }, namespace: 'default' }
  const old = oldObject === undefined ? {} : { oldObject }
  const asked = { uid: 'journey', ...named, operation, userInfo: { username: 'deployer@example.com' }, object, ...old }
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: asked }
}

function post(url: string, caFile: string, body: object): Promise<unknown> {
  const options = { method: 'POST', ca: readFileSync(caFile, 'utf8'), agent: false, headers: { 'content-type': 'application/json' } } as const
  return new Promise((resolve, reject) => {
    const sent = request(`${url}?timeout=10s`, options, (answer) => {
      let text = ''
      answer.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      answer.on('end', () => (answer.statusCode === 200 ? resolve(JSON.parse(text)) : reject(new Error(`${answer.statusCode} ${text}`))))
    })
    sent.on('error', reject)
    sent.end(JSON.stringify(body))
  })
}
