import { resolve } from 'node:path'
import { openLayout } from '@countersign/adapters/registry/layout.ts'
import { pushLayout } from '@countersign/adapters/registry/push-layout.ts'
import { UsageError } from '../../terminal.ts'
import type { Verb } from '../verb.ts'
import { acceptImage, openRegistry, REGISTRY_OPTIONS } from './registry.ts'

export const pushImage: Verb = {
  usage: 'push <layout> <image>',
  summary: 'Push an image of an OCI layout to a registry byte for byte, and what hangs on it, such as its SBOM; without a tag by its digest alone',
  examples: [
    'countersign images push oci:dist/image:countersign registry.example/countersign:1.0',
    "countersign images push oci:build registry.example/app --format='value(digest)'",
  ],
  options: REGISTRY_OPTIONS,
  async run(context, given) {
    const { folder, ...name } = parseLayout(given.argument(0))
    const to = acceptImage(given.argument(1))
    if (to.digest !== undefined) throw new UsageError(`Cannot push to ${to.text}: the layout says which digest it is, expected REPOSITORY[:TAG]`)
    const registry = await openRegistry(context.terminal, given)
    const { digest, blobs, referrers } = await pushLayout(registry, await openLayout(resolve(context.terminal.cwd, folder)), { ...name, to })
    await context.showOne({
      image: `${to.domain}/${to.path}@${digest}`,
      digest,
      ...(to.tag === undefined ? {} : { tag: to.tag }),
      blobs,
      ...(referrers.length === 0 ? {} : { referrers }),
    })
  },
}

/** `oci:FOLDER[:NAME]`, as skopeo and others write it. */
function parseLayout(text: string): { readonly folder: string; readonly name?: string } {
  const [, folder, name] = /^oci:(.+?)(?::([^:/]+))?$/.exec(text) ?? []
  if (folder === undefined) throw new UsageError(`Cannot push "${text}": expected oci:FOLDER or oci:FOLDER:NAME`)
  return { folder, ...(name === undefined ? {} : { name }) }
}
