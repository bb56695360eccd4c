import { certificateNames } from './certificate-names.ts'
import { type KubernetesObject, labelsOf, namespaced, selectorOf } from './object.ts'
import type { Installation } from './values.ts'

const API_PORT = 8080
const WEBHOOK_PORT = 8443
const METRICS_PORT = 9090
const HOME = '/var/lib/countersign'
const TLS = '/etc/countersign/tls'
const UPSTREAM = '/etc/countersign/upstream'
/** The user of our image that is nobody else's. */
const USER = 65_532

/** What every container of ours may do: nothing but its work. */
export const CONTAINER_SECURITY = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
} as const

/** Likewise its Pod. */
export const POD_SECURITY = {
  runAsNonRoot: true,
  runAsUser: USER,
  runAsGroup: USER,
  fsGroup: USER,
  seccompProfile: { type: 'RuntimeDefault' },
} as const

/** What answers the webhook: the server or the gates, with what stands around them. */
export function workloadObjects(installation: Installation): readonly KubernetesObject[] {
  const { values } = installation
  const isServer = values.mode === 'server'
  return [
    webhookService(installation),
    ...(isServer ? [apiService(installation)] : []),
    governingService(installation),
    statefulSet(installation),
    ...(replicasOf(installation) > 1 ? [disruptionBudget(installation)] : []),
    ...(values.networkPolicy.enabled ? [networkPolicy(installation)] : []),
    ...(values.metrics.serviceMonitor ? [serviceMonitor(installation)] : []),
  ]
}

function replicasOf({ values }: Installation): number {
  return values.mode === 'server' ? 1 : values.replicas
}

function webhookService(installation: Installation): KubernetesObject {
  const { values } = installation
  return service(installation, values.names.service, {
    selector: selectorOf(installation, values.mode),
    ports: [{ name: 'webhook', port: 443, targetPort: 'webhook' }],
  })
}

function apiService(installation: Installation): KubernetesObject {
  const ports = [{ name: 'api', port: API_PORT, targetPort: 'api' }]
  return service(installation, `${installation.values.names.base}-api`, { selector: selectorOf(installation, 'server'), ports })
}

/** A StatefulSet has its Pods' names from one. */
function governingService(installation: Installation): KubernetesObject {
  const { values } = installation
  return service(installation, `${values.names.base}-pods`, {
    clusterIP: 'None',
    selector: selectorOf(installation, values.mode),
    ports: [
      { name: 'webhook', port: 443, targetPort: 'webhook' },
      ...ifMeasured(installation, { name: 'metrics', port: METRICS_PORT, targetPort: 'metrics' }),
    ],
  })
}

function service(installation: Installation, name: string, spec: object): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Service', metadata: namespaced(installation, name), spec }
}

function statefulSet(installation: Installation): KubernetesObject {
  const { values } = installation
  const selector = selectorOf(installation, values.mode)
  const { kind, size, className } = values.storage
  const claim = {
    metadata: { name: 'data' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: size } },
      ...(className === '' ? {} : { storageClassName: className }),
    },
  }
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: namespaced(installation, values.names.workload),
    spec: {
      podManagementPolicy: 'Parallel',
      replicas: replicasOf(installation),
      selector: { matchLabels: selector },
      serviceName: `${values.names.base}-pods`,
      template: { metadata: { labels: { ...labelsOf(installation), ...selector } }, spec: podSpec(installation) },
      ...(kind === 'volume' ? { volumeClaimTemplates: [claim] } : {}),
    },
  }
}

function podSpec(installation: Installation): object {
  const { values } = installation
  const { served } = certificateNames(installation)
  const isServer = values.mode === 'server'
  const spread = {
    podAffinityTerm: { labelSelector: { matchLabels: selectorOf(installation, values.mode) }, topologyKey: 'kubernetes.io/hostname' },
    weight: 100,
  }
  return {
    affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [spread] } },
    automountServiceAccountToken: values.breakGlass.events,
    containers: [container(installation)],
    enableServiceLinks: false,
    priorityClassName: 'system-cluster-critical',
    securityContext: POD_SECURITY,
    serviceAccountName: values.names.serviceAccount,
    terminationGracePeriodSeconds: 30,
    volumes: [
      { name: 'tls', secret: { secretName: served, defaultMode: 0o440 } },
      { name: 'tmp', emptyDir: {} },
      ...(isServer ? [] : [{ name: 'upstream', secret: { secretName: values.upstream.secretName, defaultMode: 0o440 } }]),
      ...(values.storage.kind === 'emptyDir' ? [{ name: 'data', emptyDir: {} }] : []),
    ],
    ...placement(installation),
  }
}

/** Where Pods may be put, as far as somebody chose. */
export function placement({ values: { tolerations, nodeSelector } }: Installation): object {
  return { ...(tolerations.length === 0 ? {} : { tolerations }), ...(Object.keys(nodeSelector).length === 0 ? {} : { nodeSelector }) }
}

function container(installation: Installation): object {
  const { values } = installation
  const isServer = values.mode === 'server'
  const probe = (path: string, rest: object) => ({ httpGet: { path, port: 'webhook', scheme: 'HTTPS' }, timeoutSeconds: 5, ...rest })
  return {
    name: values.mode,
    image: values.image,
    imagePullPolicy: values.imagePullPolicy,
    args: [
      ...(isServer ? serverArgs(installation) : gateArgs(installation)),
      ...(values.breakGlass.events ? ['--break-glass-events=in-cluster'] : []),
      ...ifMeasured(installation, `--metrics-listen=0.0.0.0:${METRICS_PORT}`),
    ],
    env: [{ name: 'HOME', value: '/tmp' }, ...(isServer ? [{ name: 'COUNTERSIGN_SERVER', value: `https://127.0.0.1:${API_PORT}` }] : [])],
    // In the folder where the server keeps its own, so that `kubectl exec` finds the first token.
    workingDir: HOME,
    ports: [
      { name: 'webhook', containerPort: WEBHOOK_PORT },
      ...(isServer ? [{ name: 'api', containerPort: API_PORT }] : []),
      ...ifMeasured(installation, { name: 'metrics', containerPort: METRICS_PORT }),
    ],
    startupProbe: probe('/livez', { periodSeconds: 2, failureThreshold: 60 }),
    livenessProbe: probe('/livez', { periodSeconds: 10, failureThreshold: 6 }),
    readinessProbe: probe('/readyz', { periodSeconds: 5, failureThreshold: 2 }),
    // Until everybody has heard that this Pod goes, it serves.
    lifecycle: { preStop: { sleep: { seconds: 5 } } },
    resources: values.resources,
    securityContext: CONTAINER_SECURITY,
    volumeMounts: [
      { name: 'data', mountPath: HOME },
      { name: 'tls', mountPath: TLS, readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
      ...(isServer ? [] : [{ name: 'upstream', mountPath: UPSTREAM, readOnly: true }]),
    ],
  }
}

function serverArgs({ namespace, values }: Installation): readonly string[] {
  const { base, service: webhook } = values.names
  return [
    'serve',
    `--listen=0.0.0.0:${API_PORT}`,
    '--tls=self',
    `--hostname=${base}-api.${namespace}.svc`,
    `--webhook-listen=0.0.0.0:${WEBHOOK_PORT}`,
    `--webhook-url=https://${webhook}.${namespace}.svc`,
    `--webhook-name=${values.webhook.name}`,
    `--webhook-tls-cert=${TLS}/tls.crt`,
    `--webhook-tls-key=${TLS}/tls.key`,
    `--webhook-tls-ca=${TLS}/ca.crt`,
    `--data=${HOME}/.countersign`,
  ]
}

function gateArgs({ values }: Installation): readonly string[] {
  return [
    'gate',
    `--upstream=${values.upstream.url}`,
    `--project=${values.project}`,
    `--cluster=${values.cluster}`,
    `--token-file=${UPSTREAM}/token`,
    `--ca-file=${UPSTREAM}/ca.crt`,
    `--webhook-listen=0.0.0.0:${WEBHOOK_PORT}`,
    `--webhook-name=${values.webhook.name}`,
    `--data=${HOME}/gate`,
    `--tls-cert=${TLS}/tls.crt`,
    `--tls-key=${TLS}/tls.key`,
  ]
}

function disruptionBudget(installation: Installation): KubernetesObject {
  const { values } = installation
  const spec = { maxUnavailable: 1, selector: { matchLabels: selectorOf(installation, values.mode) } }
  return { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: namespaced(installation, values.names.workload), spec }
}

/** API servers have no label to be known by: unless somebody names their addresses, everybody may ask, and only at these ports. */
function networkPolicy(installation: Installation): KubernetesObject {
  const { values } = installation
  const { from } = values.networkPolicy
  const ports = [{ port: 'webhook' }, ...(values.mode === 'server' ? [{ port: 'api' }] : []), ...ifMeasured(installation, { port: 'metrics' })]
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: namespaced(installation, values.names.workload),
    spec: {
      podSelector: { matchLabels: selectorOf(installation, values.mode) },
      policyTypes: ['Ingress'],
      ingress: [{ ports, ...(from.length === 0 ? {} : { from }) }],
    },
  }
}

/** What Prometheus' operator reads: each Pod is asked by itself. */
function serviceMonitor(installation: Installation): KubernetesObject {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: namespaced(installation, installation.values.names.workload),
    spec: { endpoints: [{ port: 'metrics' }], selector: { matchLabels: labelsOf(installation) } },
  }
}

function ifMeasured<T>({ values }: Installation, part: T): readonly T[] {
  return values.metrics.serviceMonitor ? [part] : []
}
