import { isJsonObject } from '@countersign/core/json-object.ts'
import { WEBHOOK_NAME } from '@countersign/core/admission/labels.ts'
import { parseClusterKey, parseProjectId } from '@countersign/core/name/resource-name.ts'
import type { Issue, Parsed } from '@countersign/core/parsed.ts'
import { readWord } from '@countersign/core/reading/enumeration.ts'
import { describe, readExactFields } from '@countersign/core/reading/fields.ts'
import { IssueList } from '@countersign/core/reading/issue-list.ts'
import manifest from '../../package.json' with { type: 'json' }
import { mergeTrees } from './merge-trees.ts'
import type { InstallNames, InstallValues } from './values.ts'

const NAMES: InstallNames = {
  base: 'countersign',
  service: 'countersign-webhook',
  workload: 'countersign',
  serviceAccount: 'countersign',
  webhookConfiguration: 'countersign',
}

/** What an installation is where nobody says otherwise; the chart's `values.yaml` says the same, but for `createNamespace`. */
export const DEFAULT_VALUES: InstallValues = {
  mode: 'server',
  createNamespace: true,
  image: `countersign:${manifest.version}`,
  imagePullPolicy: 'IfNotPresent',
  replicas: 2,
  cluster: '',
  project: '',
  upstream: { url: '', secretName: 'countersign-upstream' },
  storage: { kind: 'volume', size: '8Gi', className: '' },
  certificates: { source: 'self' },
  webhook: { path: '', url: '', caBundle: '', failurePolicy: 'Fail', workloads: 'ignore', timeoutSeconds: 10, name: WEBHOOK_NAME },
  names: NAMES,
  networkPolicy: { enabled: true, from: [] },
  breakGlass: { events: false },
  metrics: { serviceMonitor: false },
  resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '1Gi' } },
  tolerations: [],
  nodeSelector: {},
}

/** The names of the original's module on premises (binary-authorization.md §6.9), for run books that know them. */
export const ON_PREMISES = {
  namespace: 'binauthz-system',
  webhookName: 'binaryauthorization.googleapis.com',
  names: {
    base: 'binauthz',
    service: 'binauthz',
    workload: 'binauthz-module-deployment',
    serviceAccount: 'binauthz-agent',
    webhookConfiguration: 'binauthz-validating-webhook-configuration',
  },
} as const

/** Members whose content is Kubernetes' affair. */
const FOREIGN = ['resources', 'tolerations', 'nodeSelector', 'from']

const WORDS: readonly (readonly [path: readonly string[], words: readonly string[]])[] = [
  [['mode'], ['server', 'gate']],
  [['imagePullPolicy'], ['IfNotPresent', 'Always', 'Never']],
  [
    ['storage', 'kind'],
    ['volume', 'emptyDir'],
  ],
  [
    ['certificates', 'source'],
    ['self', 'cert-manager'],
  ],
  [
    ['webhook', 'failurePolicy'],
    ['Fail', 'Ignore'],
  ],
  [
    ['webhook', 'workloads'],
    ['deny', 'warn', 'ignore'],
  ],
]

/**
 * Reads values as the chart takes them, laid over `defaults`: what is absent keeps its default. Unknown names, values of
 * another type and combinations that cannot work are issues, all at once.
 */
export function parseValues(tree: unknown, defaults: InstallValues = DEFAULT_VALUES): Parsed<InstallValues> {
  const issues = new IssueList()
  const merged = overlay(defaults, tree ?? {}, [], issues)
  for (const [path, words] of WORDS) readWord(valueAt(merged, path), words, path, issues)
  if (issues.all.length > 0) return { ok: false, issues: issues.all }
  // Every member has the type of its default, and every word is one of its list.
  const values = merged as InstallValues
  checkTogether(values, issues)
  return issues.all.length > 0 ? { ok: false, issues: issues.all } : { ok: true, value: values }
}

function overlay(value: unknown, given: unknown, path: Issue['path'], issues: IssueList): unknown {
  if (given === undefined || given === null) return value
  if (isJsonObject(value) && !FOREIGN.includes(String(path.at(-1)))) {
    const fields = readExactFields(given, Object.keys(value), path, issues) ?? {}
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, overlay(inner, fields[name], [...path, name], issues)]))
  }
  if (isJsonObject(value) && isJsonObject(given)) return mergeTrees(value, given)
  if (kindOf(given) === kindOf(value)) return given
  issues.add(path, `Expected ${kindOf(value)}, found ${describe(given)}`)
  return value
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  return { string: 'a text', number: 'a number', boolean: 'true or false' }[typeof value as string] ?? 'an object'
}

function valueAt(tree: unknown, path: readonly string[]): unknown {
  return path.reduce((inner, step) => (isJsonObject(inner) ? inner[step] : undefined), tree)
}

function checkTogether({ mode, replicas, cluster, project, upstream, webhook, names }: InstallValues, issues: IssueList): void {
  if (!Number.isInteger(replicas) || replicas < 1 || replicas > 100)
    issues.add(['replicas'], `Expected a whole number from 1 to 100, found ${replicas}`)
  const { timeoutSeconds } = webhook
  if (!Number.isInteger(timeoutSeconds) || timeoutSeconds < 1 || timeoutSeconds > 30)
    issues.add(['webhook', 'timeoutSeconds'], `Expected a whole number from 1 to 30, found ${timeoutSeconds}`)
  checkName(['webhook', 'name'], webhook.name, issues)
  for (const [key, name] of Object.entries(names)) checkName(['names', key], name, issues)
  if (webhook.path !== '' && webhook.url !== '') issues.add(['webhook'], 'Only one of path (by the Service) and url can be given')
  if (webhook.path !== '' && !/^\/v1\/webhook\/[A-Za-z0-9_-]{1,200}$/.test(webhook.path))
    issues.add(['webhook', 'path'], 'Expected /v1/webhook/ and one segment, as `countersign clusters describe` shows it')
  if (webhook.url !== '' && !isHttps(webhook.url)) issues.add(['webhook', 'url'], 'Expected an https URL')
  if (mode === 'server') return
  if (!isHttps(upstream.url)) issues.add(['upstream', 'url'], 'A gate needs the https URL of its server')
  for (const issue of [parseClusterKey(cluster), parseProjectId(project)].flatMap((parsed) => (parsed.ok ? [] : parsed.issues)))
    issues.add([], `A gate needs its cluster and project: ${issue.message}`)
}

function isHttps(text: string): boolean {
  return URL.parse(text)?.protocol === 'https:'
}

function checkName(path: Issue['path'], name: string, issues: IssueList): void {
  if (!/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/.test(name)) issues.add(path, `Expected a name of Kubernetes, found ${describe(name)}`)
}
