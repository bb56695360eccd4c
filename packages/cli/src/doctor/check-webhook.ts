import { X509Certificate } from 'node:crypto'
import { isJsonObject } from '@countersign/core/json-object.ts'
import { BREAK_GLASS_LABEL } from '@countersign/core/workload/scope.ts'
import { textIn, type Tree, treesIn } from '../connection/api.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import { selects } from './label-selector.ts'

const DAY_MS = 24 * 3600 * 1000
const APPLY = 'countersign clusters describe CLUSTER --project PROJECT --webhook-configuration | kubectl apply -f -'
/** Entries of ours that fail open on purpose. */
const MEANT_OPEN = /^(?:break-glass|node-critical|workloads|custom)\./

/** The entries of all webhook configurations that ask under this path. */
export function entriesOf(configurations: readonly Tree[], path: string): readonly Tree[] {
  return configurations.flatMap((configuration) => treesIn(configuration, 'webhooks')).filter((entry) => pathOfEntry(entry) === path)
}

function pathOfEntry(entry: Tree): string {
  const url = textIn(entry, 'clientConfig', 'url')
  return url === '' ? textIn(entry, 'clientConfig', 'service', 'path') : (URL.parse(url)?.pathname ?? '')
}

/** Judges how a cluster's entries stand: that there is a strict one, what it sees, what goes past it, and whom it trusts. */
export function checkWebhook(entries: readonly Tree[], namespaces: readonly Tree[], now: number): readonly Finding[] {
  const strict = entries.filter((entry) => !MEANT_OPEN.test(textIn(entry, 'name')))
  const [first] = strict
  if (first === undefined) return [fail('webhook', 'No webhook of this cluster asks about it: nothing is guarded', APPLY)]
  return [
    ok('webhook', `Asked by ${entries.map((entry) => textIn(entry, 'name')).join(', ')}`),
    checkPolicy(strict),
    checkRules(strict),
    ...checkSelectors(strict),
    checkNamespaces(strict, namespaces),
    ...entries.flatMap((entry) => checkBundle(entry, now)),
  ]
}

function checkPolicy(strict: readonly Tree[]): Finding {
  const open = strict.filter((entry) => textIn(entry, 'failurePolicy') === 'Ignore').map((entry) => textIn(entry, 'name'))
  if (open.length === 0) return ok('failure policy', 'Without an answer nothing is admitted (Fail)')
  return warn('failure policy', `${open.join(', ')} fails open: whatever stops the gate lets every image in`, 'Set failurePolicy: Fail')
}

function checkRules(strict: readonly Tree[]): Finding {
  const rules = strict.flatMap((entry) => treesIn(entry, 'rules'))
  const asks = (resource: string, operation: string): boolean =>
    rules.some((rule) => has(rule, 'apiGroups', '') && has(rule, 'resources', resource) && has(rule, 'operations', operation))
  const wanted = [
    ['pods', 'CREATE'],
    ['pods', 'UPDATE'],
    ['pods/ephemeralcontainers', 'UPDATE'],
  ] as const
  const missing = wanted.filter(([resource, operation]) => !asks(resource, operation)).map((pair) => pair.join(' '))
  if (missing.length === 0) return ok('rules', 'Pods and ephemeral containers are asked about when they are made and changed')
  return fail('rules', `Not asked about: ${missing.join(', ')}`, APPLY)
}

function has(rule: Tree, member: string, value: string): boolean {
  const list = rule[member]
  const all = value.includes('/') ? ['*/*', 'pods/*'] : value === '' ? ['*'] : ['*', '*/*']
  return Array.isArray(list) && [value, ...all].some((wanted) => list.includes(wanted))
}

/** What an object says of itself must not take it out of sight, but for the mark that is logged. */
function checkSelectors(strict: readonly Tree[]): readonly Finding[] {
  return strict.flatMap((entry) => {
    const unmarked = selects(entry['objectSelector'], {})
    const keys = treesIn(entry, 'objectSelector', 'matchExpressions').map((expression) => textIn(expression, 'key'))
    const isOurs = unmarked && keys.every((key) => key === BREAK_GLASS_LABEL)
    if (isOurs) return []
    return [warn('object selector', `${textIn(entry, 'name')} does not see every Pod: whoever makes one chooses its labels`, APPLY)]
  })
}

function checkNamespaces(strict: readonly Tree[], namespaces: readonly Tree[]): Finding {
  const unseen = namespaces.filter((namespace) => {
    const labels = isJsonObject(namespace['metadata']) && isJsonObject(namespace['metadata']['labels']) ? namespace['metadata']['labels'] : {}
    return !strict.some((entry) => selects(entry['namespaceSelector'], labels))
  })
  const services = strict.map((entry) => textIn(entry, 'clientConfig', 'service', 'namespace'))
  const names = unseen.map((namespace) => textIn(namespace, 'metadata', 'name')).filter((name) => !services.includes(name))
  if (names.length === 0) return ok('namespaces', `All ${namespaces.length} namespaces are guarded, but for the gate’s own`)
  return warn('namespaces', `Not guarded: ${names.join(', ')}`, 'Narrow the namespaceSelector to the gate’s own namespace')
}

function checkBundle(entry: Tree, now: number): readonly Finding[] {
  const name = textIn(entry, 'name')
  const ends = endsOf(Buffer.from(textIn(entry, 'clientConfig', 'caBundle'), 'base64').toString('utf8'))
  if (ends === undefined) return [fail('authority', `${name} holds no readable caBundle`, APPLY)]
  const last = Math.max(...ends)
  if (last < now) return [fail('authority', `The authorities of ${name} have ended`, APPLY)]
  if (last - now < 30 * DAY_MS) return [warn('authority', `The authorities of ${name} end ${day(last)}`, 'countersign certificates rotate')]
  return [ok('authority', `${name} trusts ${ends.length} ${ends.length === 1 ? 'authority' : 'authorities'}, until ${day(last)}`)]
}

function endsOf(bundle: string): readonly number[] | undefined {
  try {
    const ends = (bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map((cert) =>
      Date.parse(new X509Certificate(cert).validTo),
    )
    return ends.length === 0 ? undefined : ends
  } catch {
    return undefined
  }
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
