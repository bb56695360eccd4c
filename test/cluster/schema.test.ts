import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IMAGE_FIELDS } from '@countersign/core/workload/images.ts'
import { POD_PATHS } from '@countersign/core/workload/pod.ts'
import { callApi } from './api-client.ts'
import { missingControlPlane } from './control-plane.ts'
import { guardedCluster } from './guarded-cluster.ts'

const skip = missingControlPlane()
const POD_SPEC = 'io.k8s.api.core.v1.PodSpec'

interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: Schema
  readonly 'x-kubernetes-group-version-kind'?: readonly { readonly group: string; readonly kind: string }[]
}
type Definitions = Readonly<Record<string, Schema>>

/** Removed from Kubernetes, still found in manifests: no API server of today names it. */
const GONE = new Set(['extensions'])
/** A block device of Ceph. */
const NO_IMAGE = ['volumes[].rbd.image']

test('the API server’s own schema holds Pods where the walk looks for them, and nowhere else', { skip }, async () => {
  const definitions = await readDefinitions()
  const found = Object.values(definitions).flatMap((definition) => {
    const [kind] = definition['x-kubernetes-group-version-kind'] ?? []
    // What a list holds is an object of its own, and options of a call belong to every group.
    if (kind === undefined || kind.kind.endsWith('List') || kind.kind.endsWith('Options')) return []
    return listPaths(definition, definitions, (name) => name === POD_SPEC).map((path) => `${kind.group}/${kind.kind} ${path}`)
  })
  const walked = Object.entries(POD_PATHS).flatMap(([group, kinds]) =>
    GONE.has(group) ? [] : Object.entries(kinds).map(([kind, path]) => `${group}/${kind} ${[...path, 'spec'].join('.')}`),
  )
  assert.deepEqual([...new Set(found)].sort(), walked.sort())
})

test('the API server’s own schema names images in a Pod where the walk looks for them, and nowhere else', { skip }, async () => {
  const definitions = await readDefinitions()
  const texts = listPaths(definitions[POD_SPEC] ?? {}, definitions, (_, schema) => schema.type === 'string')
  const suspicious = texts.filter((path) => !path.startsWith('affinity.') && /(?:image|artifact|reference|rootfs|oci)$/i.test(path))
  const walked = IMAGE_FIELDS.map(({ list, steps }) => `${list}[].${steps.join('.')}`)
  assert.ok(texts.length > 300, `${texts.length} texts`)
  assert.deepEqual(suspicious.sort(), [...walked, ...NO_IMAGE].sort())
})

async function readDefinitions(): Promise<Definitions> {
  const { plane } = await guardedCluster()
  const { status, body } = await callApi(plane.client, 'GET', '/openapi/v2')
  assert.equal(status, 200)
  return (JSON.parse(body) as { definitions: Definitions }).definitions
}

/** The paths below a schema that lead to what is wanted: `spec.template.spec`, `volumes[].image.reference`. */
function listPaths(schema: Schema, definitions: Definitions, isWanted: (name: string, schema: Schema) => boolean): readonly string[] {
  const paths: string[] = []
  const walk = (at: Schema, path: string, above: readonly string[]): void => {
    const name = at.$ref?.slice('#/definitions/'.length) ?? ''
    // A schema of JSON Schema itself holds itself.
    if (name !== '' && above.includes(name)) return
    const resolved = name === '' ? at : (definitions[name] ?? {})
    if (path !== '' && isWanted(name, resolved)) {
      paths.push(path)
      return
    }
    const below = name === '' ? above : [...above, name]
    for (const [member, inner] of Object.entries(resolved.properties ?? {})) walk(inner, path === '' ? member : `${path}.${member}`, below)
    if (resolved.items !== undefined) walk(resolved.items, `${path}[]`, below)
    if (resolved.additionalProperties !== undefined) walk(resolved.additionalProperties, `${path}{}`, below)
  }
  walk(schema, '', [])
  return paths
}
