import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { missingParts, runPart } from '../../test/harness/parts.ts'
import { type StartedRegistry, startRegistry } from '../../test/harness/registry.ts'

/** The image of the story: pushed to a real registry, or named by a shipped digest where this machine lacks the parts. */
export interface DemoImage {
  /** Registry and repository, as manifests write it. */
  readonly repository: string
  readonly digest: string
  /** Another image, by its digest, that nobody signs. */
  readonly unsigned: string
  /** One sentence for the reader. */
  readonly told: string
  readonly registry?: StartedRegistry
}

/** The digest that the founding document shows for nginx. */
const SHIPPED = 'sha256:0390753e0576e3eecf97076c3312d878240fc951f97c1e599ca55fbe4cb9e2bb'
const OTHER_SHIPPED = 'sha256:02115bc7409dc044f700a729cacc1648dc4e445572e5765fbcc77029b0adba67'
const PARTS = ['docker-registry', 'skopeo', 'umoci'] as const

/** Makes two small images, starts a registry and pushes them there as `my-project/nginx:latest` and `my-project/httpd:latest`. */
export async function makeDemoImage(folder: string): Promise<DemoImage> {
  const missing = missingParts(...PARTS)
  if (missing !== false) return shippedImage(missing)
  const registry = await startRegistry()
  const layout = join(folder, 'oci')
  await runPart('umoci', ['init', '--layout', layout])
  const push = (name: string, page: string): Promise<string> =>
    pushPage(`${registry.host}/my-project/${name}`, { folder: join(folder, name), layout, page })
  const digest = await push('nginx', '<h1>vouched for</h1>\n')
  const other = await push('httpd', '<h1>nobody vouched for this</h1>\n')
  const repository = `${registry.host}/my-project/nginx`
  const told = 'Two real images, made here by umoci, lie in a real docker-registry.'
  return { repository, digest, unsigned: `${registry.host}/my-project/httpd@${other}`, told, registry }
}

function shippedImage(missing: string): DemoImage {
  const told = `No registry here (${missing}): the story uses shipped digests, and nothing asks a registry for them.`
  return { repository: 'gcr.io/my-project/nginx', digest: SHIPPED, unsigned: `gcr.io/my-project/httpd@${OTHER_SHIPPED}`, told }
}

/** Makes an image that holds one page, pushes it as `latest`, and gives its digest as the registry tells it. */
async function pushPage(repository: string, page: { readonly folder: string; readonly layout: string; readonly page: string }): Promise<string> {
  const name = basename(page.folder)
  const image = `${page.layout}:${name}`
  mkdirSync(page.folder)
  writeFileSync(join(page.folder, 'index.html'), page.page)
  await runPart('umoci', ['new', '--image', image])
  await runPart('umoci', ['insert', '--rootless', '--image', image, page.folder, '/srv'])
  await runPart('skopeo', ['--insecure-policy', 'copy', '--dest-tls-verify=false', `oci:${image}`, `docker://${repository}:latest`])
  const digest = await runPart('skopeo', ['inspect', '--tls-verify=false', '--format', '{{.Digest}}', `docker://${repository}:latest`])
  return digest.trim()
}
