import { parseYamlDocuments } from '@countersign/api/file/yaml.ts'
import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import { formatIssue, type Parsed } from '@countersign/core/parsed.ts'
import type { Given } from '../commands/given.ts'
import { pathOf, textIn } from '../connection/api.ts'
import { type Context, fullName } from '../context.ts'
import { UsageError } from '../terminal.ts'
import { mergeTrees } from './merge-trees.ts'
import { DEFAULT_VALUES, ON_PREMISES, parseValues } from './parse-values.ts'
import type { Installation, InstallValues } from './values.ts'

/** Where an installation stands unless somebody says otherwise. */
export const DEFAULT_NAMESPACE = 'countersign-system'

/** The installation that a command line means: its options over the values in its file over the defaults. */
export async function gatherInstallation(context: Context, given: Given): Promise<Installation> {
  const onPremises = given.has('--on-premises')
  const file = given.text('--values')
  const fromFile = file === undefined ? {} : await readValuesFile(context, file)
  const tree = mergeTrees(fromFile, await treeOfOptions(context, given, fromFile))
  const values = accept(parseValues(tree, onPremises ? onPremisesValues() : DEFAULT_VALUES), 'These values make no installation')
  const namespace = given.text('--namespace') ?? (onPremises ? ON_PREMISES.namespace : DEFAULT_NAMESPACE)
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(namespace)) throw new UsageError(`Namespace "${namespace}" is no name of Kubernetes`)
  return { namespace, values }
}

function onPremisesValues(): InstallValues {
  return { ...DEFAULT_VALUES, names: ON_PREMISES.names, webhook: { ...DEFAULT_VALUES.webhook, name: ON_PREMISES.webhookName } }
}

async function readValuesFile({ terminal }: Context, file: string): Promise<JsonObject> {
  const bytes = file === '-' ? await terminal.readInput() : await terminal.files.read(file)
  const [document, ...others] = accept(parseYamlDocuments(new TextDecoder().decode(bytes)), `Cannot read "${file}"`)
  const tree = document?.tree ?? {}
  if (others.length > 0 || !isJsonObject(tree)) throw new UsageError(`Cannot read "${file}": expected one document with values`)
  return tree
}

async function treeOfOptions(context: Context, given: Given, fromFile: JsonObject): Promise<JsonObject> {
  const upstream = given.text('--upstream')
  const [cluster, project] = [given.text('--cluster'), context.findProject()]
  const registered = await findRegistered(context, given, fromFile)
  return {
    ...(upstream === undefined ? {} : { mode: 'gate', upstream: { url: upstream } }),
    ...optional('image', given.text('--image')),
    ...optional('replicas', given.count('--replicas')),
    ...optional('cluster', cluster),
    ...(cluster === undefined ? {} : optional('project', project)),
    ...(given.has('--storage') ? { storage: { kind: given.text('--storage') } } : {}),
    ...(given.has('--certificates') ? { certificates: { source: given.text('--certificates') } } : {}),
    webhook: {
      ...optional('failurePolicy', given.text('--webhook-failure-policy')),
      ...optional('workloads', given.text('--workloads') ?? registered?.workloads),
      ...optional('url', given.text('--webhook-url')),
      ...optional('path', given.text('--webhook-path') ?? registered?.path),
    },
  }
}

/** How a cluster is registered, where nobody gave its path: the last segment is a credential that only the server knows. */
async function findRegistered(
  context: Context,
  given: Given,
  fromFile: JsonObject,
): Promise<{ readonly path: string; readonly workloads?: string } | undefined> {
  const cluster = given.text('--cluster')
  const webhook = fromFile['webhook']
  const isKnown = given.has('--webhook-url') || given.has('--webhook-path') || textIn(webhook, 'path') !== '' || textIn(webhook, 'url') !== ''
  if (cluster === undefined || isKnown) return undefined
  const registered = await (await context.api()).call('GET', pathOf('/countersign/v1', fullName(context, 'clusters', cluster)))
  const url = URL.parse(textIn(registered, 'webhookUrl'))
  const workloads = textIn(registered, 'settings', 'workloads')
  if (url !== null) return { path: url.pathname, ...(workloads === '' ? {} : { workloads }) }
  throw new UsageError(
    `You may not see the webhook URL of cluster "${cluster}"`,
    'Ask somebody who may for it, and give its path with --webhook-path',
  )
}

function optional(name: string, value: unknown): JsonObject {
  return value === undefined ? {} : { [name]: value }
}

function accept<T>(parsed: Parsed<T>, what: string): T {
  if (parsed.ok) return parsed.value
  throw new UsageError(`${what}: ${parsed.issues.map(formatIssue).join('; ')}`)
}
