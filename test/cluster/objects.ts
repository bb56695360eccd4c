/** What a test wants to be different from a Pod with one container. */
export interface PodParts {
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly volumes?: readonly object[]
}

/** A Pod with one container. */
export function pod(name: string, image: string, { labels = {}, annotations = {}, volumes = [] }: PodParts = {}): object {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, labels, annotations }, spec: { containers: [{ name: 'app', image }], volumes } }
}

/** A Deployment of one such Pod. */
export function deployment(name: string, image: string): object {
  return workload(name, image, 'Deployment')
}

/** Every kind of Kubernetes that holds a Pod template, by its name. */
export const WORKLOAD_KINDS = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'Job',
  'CronJob',
  'PodTemplate',
] as const

/** A workload of a kind, of one Pod with one container. */
export function workload(name: string, image: string, kind: (typeof WORKLOAD_KINDS)[number]): object {
  const labels = { app: name }
  const template = (restartPolicy: 'Always' | 'Never') => ({ metadata: { labels }, spec: { restartPolicy, containers: [{ name: 'app', image }] } })
  const metadata = { name }
  const job = { template: template('Never') }
  switch (kind) {
    case 'Deployment':
    case 'DaemonSet':
    case 'ReplicaSet':
    case 'StatefulSet':
      return { apiVersion: 'apps/v1', kind, metadata, spec: { selector: { matchLabels: labels }, template: template('Always') } }
    case 'ReplicationController':
      return { apiVersion: 'v1', kind, metadata, spec: { selector: labels, template: template('Always') } }
    case 'Job':
      return { apiVersion: 'batch/v1', kind, metadata, spec: job }
    case 'CronJob':
      return { apiVersion: 'batch/v1', kind, metadata, spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: job } } }
    case 'PodTemplate':
      return { apiVersion: 'v1', kind, metadata, template: template('Always') }
  }
}

/** The webhook's rules for them. */
export const WORKLOAD_RULES = [
  {
    operations: ['CREATE', 'UPDATE'],
    apiGroups: ['apps'],
    apiVersions: ['v1'],
    resources: ['deployments', 'statefulsets', 'daemonsets', 'replicasets'],
  },
  { operations: ['CREATE', 'UPDATE'], apiGroups: ['batch'], apiVersions: ['v1'], resources: ['jobs', 'cronjobs'] },
  { operations: ['CREATE', 'UPDATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['replicationcontrollers', 'podtemplates'] },
]
