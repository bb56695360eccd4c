import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { buildImages } from './build.ts'
import { writeLayout } from './oci-layout.ts'

const usage = `npm run image [-- --out FOLDER --fresh]

Builds Countersign's container images without a container engine, as one OCI layout:
  countersign         server, gate and hand tool; not root, no shell, runs on a read-only root with a volume at /var/lib/countersign
  countersign-signer  for build pipelines: a shell, and /kritis/signer with the command line of kritis' signer
The same sources and packages give the same digests. An SBOM (CycloneDX) hangs on each image.

  --out FOLDER  where the layout goes; default dist/image. What is there is replaced
  --fresh       asks Debian for its newest packages instead of taking those of the last build
`

const { values } = parseArgs({
  options: { out: { type: 'string', default: 'dist/image' }, fresh: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
})

if (values.help) {
  process.stdout.write(usage)
} else {
  // The modes of files go into the digest and must not depend on who builds.
  process.umask(0o022)
  const images = await buildImages({ fresh: values.fresh, say: (line) => process.stderr.write(`${line}\n`) })
  const folder = resolve(values.out)
  rmSync(folder, { recursive: true, force: true })
  writeLayout(folder, images)
  for (const { recipe, digest } of images) process.stdout.write(`${recipe.name}@${digest}\n`)
  process.stderr.write(`
Next, for an image, with the repository that your cluster pulls from in place of REPOSITORY:
  npx countersign images push oci:${values.out}:countersign REPOSITORY:TAG
  npx countersign attestations sign-and-create --artifact-url REPOSITORY@${images[0]?.digest ?? ''} --attestor ATTESTOR --key KEY
`)
}
