import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { getPart, missingParts, runPart } from '../../test/harness/parts.ts'
import { type StartedRegistry, startRegistry } from '../../test/harness/registry.ts'

/** The image of the story: pushed to a real registry, or named by a shipped digest where this machine lacks the parts. */
export interface DemoImage {
  /** Registry and repository, as manifests write it. */
  readonly repository: string
  readonly digest: string
  /** One sentence for the reader. */
  readonly told: string
  readonly registry?: StartedRegistry
}

/** The digest that the founding document shows for nginx. */
const SHIPPED = 'sha256:0390753e0576e3eecf97076c3312d878240fc951f97c1e599ca55fbe4cb9e2bb'
const PARTS = ['docker-registry', 'skopeo', 'umoci'] as const

/** Makes a small image, starts a registry and pushes it there as `my-project/nginx:latest`. */
export async function makeDemoImage(folder: string): Promise<DemoImage> {
  const missing = missingParts(...PARTS)
  if (missing !== false)
    return { repository: 'gcr.io/my-project/nginx', digest: SHIPPED, told: `No registry here (${missing}): the story uses a shipped digest.` }
  const registry = await startRegistry()
  const repository = `${registry.host}/my-project/nginx`
  const rootfs = join(folder, 'rootfs')
  mkdirSync(rootfs)
  writeFileSync(join(rootfs, 'index.html'), '<h1>vouched for</h1>\n')
  const layout = join(folder, 'oci')
  await runPart('umoci', ['init', '--layout', layout])
  await runPart('umoci', ['new', '--image', `${layout}:v1`])
  await runPart('umoci', ['insert', '--rootless', '--image', `${layout}:v1`, rootfs, '/srv'])
  await runPart('skopeo', ['--insecure-policy', 'copy', '--dest-tls-verify=false', `oci:${layout}:v1`, `docker://${repository}:latest`])
  const inspected = await runPart('skopeo', ['inspect', '--tls-verify=false', '--format', '{{.Digest}}', `docker://${repository}:latest`])
  return { repository, digest: inspected.trim(), told: `A real image lies in a real registry (${getPart('docker-registry').path}).`, registry }
}
