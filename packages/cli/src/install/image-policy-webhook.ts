import type { ClusterConnection } from '../commands/clusters/connection-format.ts'

/** Where the two files belong on each control plane node. */
const FOLDER = '/etc/kubernetes/countersign'

/** A file for the disks of API servers. */
export interface SetUpFile {
  readonly path: string
  readonly content: object
}

/**
 * What an API server needs to ask by its ImagePolicyWebhook plugin, for clusters that can have no webhook object. It remembers
 * answers: a short while only, so that a new signature is minded soon.
 */
export function imagePolicyFiles({ webhookUrl, caBundle }: ClusterConnection, failurePolicy: 'Fail' | 'Ignore'): readonly SetUpFile[] {
  const kubeConfigFile = `${FOLDER}/image-policy.kubeconfig`
  const imagePolicy = { kubeConfigFile, allowTTL: 30, denyTTL: 5, retryBackoff: 500, defaultAllow: failurePolicy === 'Ignore' }
  return [
    {
      path: `${FOLDER}/admission.yaml`,
      content: {
        apiVersion: 'apiserver.config.k8s.io/v1',
        kind: 'AdmissionConfiguration',
        plugins: [{ name: 'ImagePolicyWebhook', configuration: { imagePolicy } }],
      },
    },
    {
      path: kubeConfigFile,
      content: {
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'countersign',
        clusters: [
          {
            name: 'countersign',
            cluster: { server: webhookUrl, 'certificate-authority-data': Buffer.from(caBundle).toString('base64') },
          },
        ],
        contexts: [{ name: 'countersign', context: { cluster: 'countersign', user: 'api-server' } }],
        // The URL's last segment is the credential.
        users: [{ name: 'api-server', user: {} }],
      },
    },
  ]
}
