import { certificateNames, webhookHosts } from './certificate-names.ts'
import { type KubernetesObject, labelsOf, namespaced, selectorOf } from './object.ts'
import type { Installation } from './values.ts'
import { CONTAINER_SECURITY, placement, POD_SECURITY } from './workload.ts'

/** What makes the webhook's certificate and renews it: a part of ours, or cert-manager by its own objects. */
export function certificateObjects(installation: Installation): readonly KubernetesObject[] {
  return installation.values.certificates.source === 'self' ? [keeper(installation)] : certManagerObjects(installation)
}

/** One Pod is enough, since certificates are made weeks before they are needed; while it is replaced a Lease keeps two from working at once. */
function keeper(installation: Installation): KubernetesObject {
  const { values } = installation
  const names = certificateNames(installation)
  const selector = selectorOf(installation, 'certificates')
  const container = {
    name: 'certificates',
    image: values.image,
    imagePullPolicy: values.imagePullPolicy,
    args: [
      'certificates',
      'keep',
      `--namespace=${installation.namespace}`,
      `--secret=${names.served}`,
      `--authority-secret=${names.authority}`,
      `--lease=${names.keeper}`,
      `--webhook-configuration=${values.names.webhookConfiguration}`,
      ...webhookHosts(installation).map((host) => `--hostname=${host}`),
    ],
    env: [{ name: 'HOME', value: '/tmp' }],
    resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '256Mi' } },
    securityContext: CONTAINER_SECURITY,
    volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
  }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: namespaced(installation, names.keeper),
    spec: {
      replicas: 1,
      selector: { matchLabels: selector },
      template: {
        metadata: { labels: { ...labelsOf(installation), ...selector } },
        spec: {
          automountServiceAccountToken: true,
          containers: [container],
          enableServiceLinks: false,
          priorityClassName: 'system-cluster-critical',
          securityContext: POD_SECURITY,
          serviceAccountName: names.keeper,
          volumes: [{ name: 'tmp', emptyDir: {} }],
          ...placement(installation),
        },
      },
    },
  }
}

const CERT_MANAGER = 'cert-manager.io/v1'

/** An authority of this installation's own, since no public one signs for names inside a cluster. */
function certManagerObjects(installation: Installation): readonly KubernetesObject[] {
  const { names } = installation.values
  const { served, authority } = certificateNames(installation)
  const privateKey = { algorithm: 'ECDSA', rotationPolicy: 'Always', size: 256 }
  const issuer = (name: string, spec: object): KubernetesObject => ({
    apiVersion: CERT_MANAGER,
    kind: 'Issuer',
    metadata: namespaced(installation, name),
    spec,
  })
  const certificate = (name: string, spec: object): KubernetesObject => ({
    apiVersion: CERT_MANAGER,
    kind: 'Certificate',
    metadata: namespaced(installation, name),
    spec: { privateKey, ...spec },
  })
  return [
    issuer(`${names.base}-self-signed`, { selfSigned: {} }),
    certificate(authority, {
      commonName: 'Countersign authority',
      duration: '87600h',
      isCA: true,
      issuerRef: { kind: 'Issuer', name: `${names.base}-self-signed` },
      secretName: authority,
    }),
    issuer(authority, { ca: { secretName: authority } }),
    certificate(names.service, {
      dnsNames: webhookHosts(installation),
      duration: '2160h',
      issuerRef: { kind: 'Issuer', name: authority },
      renewBefore: '720h',
      secretName: served,
    }),
  ]
}
