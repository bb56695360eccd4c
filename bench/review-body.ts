import { admissionReview } from '../packages/gate/src/testing/factories.ts'

/** A review as an API server sends it: environment, probes, volumes and managed fields around the images; 7.8 KB with two. */
export function realisticReview(images: readonly string[]): Buffer {
  const object = {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      generateName: 'web-7c5ddbdf54-',
      namespace: 'shop',
      creationTimestamp: null,
      labels: { app: 'web', 'pod-template-hash': '7c5ddbdf54' },
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ spec: 'x'.repeat(600) }) },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-7c5ddbdf54', uid: 'd5a5b7c0-0d33-4d4e-8c7a-2f3e1b7a9c11', controller: true },
      ],
      managedFields: [managedFields(images.length)],
    },
    spec: {
      volumes: [{ name: 'token', projected: { sources: [{ serviceAccountToken: { expirationSeconds: 3607, path: 'token' } }], defaultMode: 420 } }],
      containers: images.map(container),
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      serviceAccountName: 'web',
      schedulerName: 'default-scheduler',
      tolerations: [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }],
    },
    status: {},
  }
  return Buffer.from(JSON.stringify(admissionReview({ object, options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' } })))
}

function container(image: string, index: number) {
  const probe = {
    httpGet: { path: '/healthz', port: 8080, scheme: 'HTTP' },
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  }
  return {
    name: `c${index}`,
    image,
    env: Array.from({ length: 12 }, (_, variable) => ({
      name: `SETTING_${variable}`,
      value: `the value of setting number ${variable}, as people write them`,
    })),
    ports: [{ containerPort: 8080, protocol: 'TCP' }],
    resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '100m', memory: '256Mi' } },
    volumeMounts: [{ name: 'token', readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }],
    livenessProbe: probe,
    readinessProbe: probe,
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
    securityContext: { runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  }
}

function managedFields(containers: number) {
  const field = {
    '.': {},
    'f:env': { '.': {}, 'k:{"name":"SETTING_0"}': { '.': {}, 'f:name': {}, 'f:value': {} } },
    'f:image': {},
    'f:imagePullPolicy': {},
    'f:name': {},
    'f:ports': { '.': {}, 'k:{"containerPort":8080,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {}, 'f:protocol': {} } },
    'f:resources': { '.': {}, 'f:limits': { '.': {}, 'f:cpu': {}, 'f:memory': {} }, 'f:requests': { '.': {}, 'f:cpu': {}, 'f:memory': {} } },
    'f:securityContext': {},
    'f:terminationMessagePath': {},
    'f:terminationMessagePolicy': {},
  }
  const owned = Object.fromEntries(Array.from({ length: containers }, (_, index) => [`k:{"name":"c${index}"}`, field]))
  return {
    manager: 'kube-controller-manager',
    operation: 'Update',
    apiVersion: 'v1',
    time: '2026-01-31T12:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:spec': { 'f:containers': owned } },
  }
}
