import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Certificates } from './certificates.ts'

/** Whom an API server asks about images, outside of its own objects. */
export interface ImagePolicyBackend {
  readonly url: string
  readonly caFile: string
  /** An AdmissionConfiguration that was made elsewhere, instead of the one that is made here. */
  readonly admissionFile?: string
}

/** Kubernetes reads JSON wherever it reads YAML. */
function writeJson(folder: string, name: string, content: object): string {
  const file = join(folder, name)
  writeFileSync(file, JSON.stringify(content, null, 2))
  return file
}

/** A kubeconfig for people and for controllers. */
export function writeAdminKubeconfig(folder: string, server: string, { authority, admin }: Certificates): string {
  return writeKubeconfig(folder, 'admin.kubeconfig', {
    cluster: { server, 'certificate-authority': authority.certificate },
    user: { 'client-certificate': admin.certificate, 'client-key': admin.key },
  })
}

/**
 * The API server's admission configuration: the ImagePolicyWebhook backend, where one is named, and the client certificate that webhooks are
 * shown. Answers are not remembered (`-1`): a test that signs an image asks for it again at once. Everything fails closed.
 */
export function writeAdmissionConfiguration(folder: string, backend: ImagePolicyBackend | undefined, certificates: Certificates): string {
  if (backend?.admissionFile !== undefined) return backend.admissionFile
  const user = { 'client-certificate': certificates.webhookClient.certificate, 'client-key': certificates.webhookClient.key }
  const imagePolicy = backend === undefined ? [] : [imagePolicyPlugin(folder, backend, user)]
  const webhookAuthentication = writeJson(folder, 'webhook.kubeconfig', {
    apiVersion: 'v1',
    kind: 'Config',
    // A user is found by the webhook's address; this one is shown to all.
    users: [{ name: '*', user }],
  })
  const webhooks = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'WebhookAdmissionConfiguration', kubeConfigFile: webhookAuthentication }
  return writeJson(folder, 'admission.json', {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AdmissionConfiguration',
    plugins: [
      ...imagePolicy,
      { name: 'ValidatingAdmissionWebhook', configuration: webhooks },
      { name: 'MutatingAdmissionWebhook', configuration: webhooks },
    ],
  })
}

function imagePolicyPlugin(folder: string, backend: ImagePolicyBackend, user: object): object {
  const cluster = { server: backend.url, 'certificate-authority': backend.caFile }
  const kubeConfigFile = writeKubeconfig(folder, 'image-policy.kubeconfig', { cluster, user })
  const imagePolicy = { kubeConfigFile, allowTTL: -1, denyTTL: -1, retryBackoff: 50, defaultAllow: false }
  return { name: 'ImagePolicyWebhook', configuration: { imagePolicy } }
}

/** What the API server writes to its audit log: who asked for which Pod or workload, and what admission said of it. */
export function writeAuditPolicy(folder: string): string {
  const resources = [
    { group: '', resources: ['pods', 'pods/ephemeralcontainers'] },
    { group: 'apps', resources: ['deployments', 'replicasets'] },
  ]
  return writeJson(folder, 'audit-policy.json', {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived'],
    rules: [{ level: 'Metadata', resources, verbs: ['create', 'update', 'patch'] }, { level: 'None' }],
  })
}

function writeKubeconfig(folder: string, name: string, { cluster, user }: { readonly cluster: object; readonly user: object }): string {
  return writeJson(folder, name, {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  })
}
