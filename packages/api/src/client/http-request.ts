import type { DescMessage, DescMethod, JsonValue, Message } from '@bufbuild/protobuf'
import { toJson } from '@bufbuild/protobuf'
import { StatusError } from '@countersign/core/status.ts'
import { findField } from '../rest/canonical-json.ts'
import type { PathTemplate } from '../rest/path-template.ts'
import type { Route } from '../rest/router.ts'
import { routesOf } from '../rest/router.ts'

/** A call as HTTP: path with query, and JSON text where there is a body. */
export interface HttpCall {
  readonly httpMethod: string
  readonly target: string
  readonly body?: string
}

type Members = Readonly<Record<string, JsonValue>>

/**
 * Writes a request message as HTTP, by the first rule of the method whose path the message's names fit. Throws INVALID_ARGUMENT
 * where none does: what would be sent is no name of that kind.
 */
export function formatHttpCall(method: DescMethod, request: Message): HttpCall {
  const tree = toJson(method.input, request) as Members
  for (const route of routesOf(method)) {
    const path = fillTemplate(method.input, route.template, tree)
    if (path !== undefined) return { httpMethod: route.httpMethod, ...formatParts(route, path, tree) }
  }
  throw new StatusError('INVALID_ARGUMENT', `Cannot call ${method.name}: no path of it fits ${JSON.stringify(namesIn(tree)).slice(0, 300)}`)
}

function formatParts(route: Route, path: string, tree: Members): Pick<HttpCall, 'target' | 'body'> {
  const bound = new Set(route.template.variables.map(({ fieldPath }) => jsonName(route.method.input, fieldPath[0] ?? '')))
  if (route.body === '*') return { target: path, body: JSON.stringify(without(tree, bound)) }
  const body = route.body === '' ? undefined : jsonName(route.method.input, route.body)
  const query = new URLSearchParams(flatten(without(tree, body === undefined ? bound : bound.union(new Set([body])))))
  const target = query.size === 0 ? path : `${path}?${query}`
  return body === undefined ? { target } : { target, body: JSON.stringify(tree[body] ?? {}) }
}

function fillTemplate(input: DescMessage, template: PathTemplate, tree: Members): string | undefined {
  const segments: string[] = template.steps.map((step) => (typeof step === 'string' ? '' : step.literal))
  let rest: string | undefined
  for (const { fieldPath, start, end } of template.variables) {
    const parts = textAt(input, tree, fieldPath).split('/')
    if (!fits(template.steps.slice(start, end), parts)) return undefined
    if (template.steps[end - 1] === '**') rest = parts.splice(end - start - 1).join('/')
    for (const [index, part] of parts.entries()) segments[start + index] = part
  }
  const all = rest === undefined ? segments : [...segments.slice(0, -1), rest]
  return `/${all.map(encodeURIComponent).join('/')}${template.verb === '' ? '' : `:${template.verb}`}`
}

function fits(steps: PathTemplate['steps'], parts: readonly string[]): boolean {
  const isOpen = steps.at(-1) === '**'
  if (parts.some((part) => part === '.' || part === '..') || (!isOpen && parts.length !== steps.length) || parts.length < steps.length) return false
  return parts.every((part, index) => {
    const step = steps[Math.min(index, steps.length - 1)]
    return step === '**' || (part !== '' && (step === '*' || (typeof step === 'object' && step.literal === part)))
  })
}

function textAt(message: DescMessage, tree: Members, [name = '', ...rest]: readonly string[]): string {
  const field = findField(message, name)
  const value = field === undefined ? undefined : tree[field.jsonName]
  if (rest.length === 0) return typeof value === 'string' ? value : ''
  return field?.message === undefined || !isMembers(value) ? '' : textAt(field.message, value, rest)
}

/** Members as query parameters: dots for messages, one parameter an item for lists. */
function flatten(tree: Members, prefix = ''): [string, string][] {
  return Object.entries(tree).flatMap(([name, value]) => {
    if (isMembers(value)) return flatten(value, `${prefix}${name}.`)
    const items = Array.isArray(value) ? value : [value]
    return items.map((item): [string, string] => [`${prefix}${name}`, typeof item === 'string' ? item : JSON.stringify(item)])
  })
}

function without(tree: Members, names: ReadonlySet<string>): Members {
  return Object.fromEntries(Object.entries(tree).filter(([name]) => !names.has(name)))
}

function namesIn(tree: Members): Members {
  return Object.fromEntries(Object.entries(tree).filter(([, value]) => typeof value === 'string'))
}

function jsonName(message: DescMessage, name: string): string {
  return findField(message, name)?.jsonName ?? name
}

function isMembers(value: JsonValue | undefined): value is { [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
