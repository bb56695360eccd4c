import type { Verb } from '../verb.ts'
import { acceptImage, openRegistry, REGISTRY_OPTIONS } from './registry.ts'

export const describeImage: Verb = {
  usage: 'describe <image>',
  summary: 'Show what an image is: its digest, the images of an index, and what hangs on it',
  examples: [
    'countersign images describe registry.example/app:1.2',
    "countersign images describe registry.example/app:1.2 --format='value(image_summary.digest)'",
  ],
  options: REGISTRY_OPTIONS,
  async run(context, given) {
    const reference = acceptImage(given.argument(0))
    const registry = await openRegistry(context.terminal, given)
    const { repository, digest, mediaType, children, created } = await registry.describeImage(reference)
    const { text, domain, path } = reference
    const referrers = await registry.listReferrers({ text, domain, path, digest })
    // The member names of the original's tool, and below them what it does not tell.
    await context.showOne({
      image_summary: { digest, fully_qualified_digest: `${repository}@${digest}`, registry: reference.domain, repository: reference.path },
      mediaType,
      ...(created === undefined ? {} : { created }),
      ...(children.length === 0
        ? {}
        : { images: children.map(({ platform, ...child }) => ({ ...(platform === undefined ? {} : { platform }), ...child })) }),
      ...(referrers.length === 0
        ? {}
        : { referrers: referrers.map(({ artifactType = 'unknown', digest: found }) => ({ artifactType, digest: found })) }),
    })
  },
}
