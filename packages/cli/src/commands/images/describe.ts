import type { Verb } from '../verb.ts'
import { acceptImage, openRegistry, REGISTRY_OPTIONS } from './registry.ts'

export const describeImage: Verb = {
  usage: 'describe <image>',
  summary: 'Show what an image is: its digest, and the images of an index',
  examples: [
    'countersign images describe registry.example/app:1.2',
    "countersign images describe registry.example/app:1.2 --format='value(image_summary.digest)'",
  ],
  options: REGISTRY_OPTIONS,
  async run(context, given) {
    const reference = acceptImage(given.argument(0))
    const { repository, digest, mediaType, children, created } = await (await openRegistry(context.terminal, given)).describeImage(reference)
    // The member names of the original's tool, and below them what it does not tell.
    await context.showOne({
      image_summary: { digest, fully_qualified_digest: `${repository}@${digest}`, registry: reference.domain, repository: reference.path },
      mediaType,
      ...(created === undefined ? {} : { created }),
      ...(children.length === 0
        ? {}
        : { images: children.map(({ platform, ...child }) => ({ ...(platform === undefined ? {} : { platform }), ...child })) }),
    })
  },
}
