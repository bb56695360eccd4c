import type { DescMethod, DescService } from '@bufbuild/protobuf'
import { getOption, hasOption } from '@bufbuild/protobuf'
import { http } from '../gen/google/api/annotations_pb.ts'
import type { HttpRule } from '../gen/google/api/http_pb.ts'
import type { PathTemplate } from './path-template.ts'
import { parsePathTemplate } from './path-template.ts'
import type { PathSegment } from './request-path.ts'
import { splitPath } from './request-path.ts'

/** One rule of google.api.http: how one HTTP method and path become one RPC. */
export interface Route {
  readonly method: DescMethod
  readonly httpMethod: string
  readonly template: PathTemplate
  /** `*`: the whole request message; empty: there is none; else the field that it fills. */
  readonly body: string
  /** The field that is the answer; empty: the whole message. */
  readonly responseBody: string
}

export type RouteMatch =
  | { readonly found: true; readonly route: Route; readonly pathParams: readonly PathParam[] }
  /** `allowed`: the HTTP methods that this path does have; empty where there is no such path. */
  | { readonly found: false; readonly allowed: readonly string[] }

/** What the path says about a field of the request. */
export interface PathParam {
  /** Proto names from the request message down: `['policy', 'name']`. */
  readonly fieldPath: readonly string[]
  readonly value: string
}

export interface Router {
  readonly routes: readonly Route[]
  /** Finds the RPC for an HTTP method and a raw path (no query). Throws INVALID_ARGUMENT on a broken percent-encoding. */
  match(httpMethod: string, path: string): RouteMatch
}

/** By HTTP method. */
type Ends = Map<string, Route>
interface Node {
  readonly literals: Map<string, Node>
  one?: Node
  /** By verb. */
  readonly ends: Map<string, Ends>
  readonly restEnds: Map<string, Ends>
}

/**
 * Compiles the http annotations of services into one tree, so that finding a route does not cost more with more routes.
 * A path that two rules claim is a fault of the program and throws.
 */
export function compileRoutes(services: readonly DescService[]): Router {
  const routes = services.flatMap((service) => service.methods.flatMap(routesOf))
  const top = newNode()
  for (const route of routes) insert(top, route)
  const verbs = new Set(routes.map(({ template }) => template.verb).filter((verb) => verb !== ''))
  return { routes, match: (httpMethod, path) => match(top, verbs, { httpMethod, path }) }
}

/** The rules of a method, the first one being its own. */
function routesOf(method: DescMethod): readonly Route[] {
  if (!hasOption(method, http)) return []
  const rule = getOption(method, http)
  return [rule, ...rule.additionalBindings].map((binding) => routeOf(method, binding))
}

function routeOf(method: DescMethod, { pattern, body, responseBody }: HttpRule): Route {
  if (pattern.case === undefined || pattern.case === 'custom') throw new Error(`${method.parent.typeName}.${method.name} has a rule without a path`)
  return { method, httpMethod: pattern.case.toUpperCase(), template: parsePathTemplate(pattern.value), body, responseBody }
}

function newNode(): Node {
  return { literals: new Map(), ends: new Map(), restEnds: new Map() }
}

function insert(top: Node, route: Route): void {
  const { steps, verb } = route.template
  let node = top
  for (const step of steps) {
    if (step === '**') break
    if (step === '*') node = node.one ??= newNode()
    else node = getOrAdd(node.literals, step.literal, newNode)
  }
  const ends = getOrAdd(steps.at(-1) === '**' ? node.restEnds : node.ends, verb, () => new Map<string, Route>())
  if (ends.has(route.httpMethod)) throw new Error(`Two rules claim the path of ${route.method.parent.typeName}.${route.method.name}`)
  ends.set(route.httpMethod, route)
}

function getOrAdd<V>(map: Map<string, V>, key: string, make: () => V): V {
  const present = map.get(key)
  if (present !== undefined) return present
  const made = make()
  map.set(key, made)
  return made
}

function match(top: Node, verbs: ReadonlySet<string>, asked: { readonly httpMethod: string; readonly path: string }): RouteMatch {
  const segments = splitPath(asked.path)
  if (segments === undefined) return { found: false, allowed: [] }
  const allowed: string[] = []
  for (const { last, verb } of readingsOfVerb(segments, verbs)) {
    const path = last === undefined ? segments : [...segments.slice(0, -1), last]
    const ends = findEnds(top, path, verb, 0)
    const route = ends?.get(asked.httpMethod)
    if (route !== undefined) return { found: true, route, pathParams: readParams(route.template, path) }
    allowed.push(...(ends?.keys() ?? []))
  }
  return { found: false, allowed: [...new Set(allowed)].sort() }
}

/** A colon may be a verb's, or belong to the last segment (`receipts/sha256:…`): known verbs go first. */
function readingsOfVerb(segments: readonly PathSegment[], verbs: ReadonlySet<string>): readonly { last?: PathSegment; verb: string }[] {
  const plain = { verb: '' }
  const last = segments.at(-1)
  const colon = last?.text.lastIndexOf(':') ?? -1
  if (last === undefined || colon <= 0) return [plain]
  const verb = last.text.slice(colon + 1)
  if (!verbs.has(verb)) return [plain]
  return [{ last: { text: last.text.slice(0, colon), whole: last.whole.slice(0, last.whole.lastIndexOf(':')) }, verb }, plain]
}

/** Literals go before `*`, `*` before `**`. No template has so many `*` beside literals that going back could cost much. */
function findEnds(node: Node, path: readonly PathSegment[], verb: string, at: number): Ends | undefined {
  const segment = path[at]
  if (segment === undefined) return node.ends.get(verb)
  const literal = node.literals.get(segment.text)
  const found = literal === undefined ? undefined : findEnds(literal, path, verb, at + 1)
  if (found !== undefined) return found
  const one = node.one === undefined ? undefined : findEnds(node.one, path, verb, at + 1)
  return one ?? node.restEnds.get(verb)
}

function readParams({ steps, variables }: PathTemplate, path: readonly PathSegment[]): readonly PathParam[] {
  const read = (segment: PathSegment, index: number): string => (steps[Math.min(index, steps.length - 1)] === '**' ? segment.whole : segment.text)
  const texts = path.map(read)
  return variables.map(({ fieldPath, start, end }) => ({
    fieldPath,
    value: texts.slice(start, end === steps.length ? undefined : end).join('/'),
  }))
}
