import type { ImageDigest } from '@countersign/core/image/reference.ts'
import type { Platform } from '@countersign/core/vulnerability/platform.ts'
import type { Context } from '../../context.ts'
import type { Given } from '../given.ts'
import { acceptImage, openRegistry } from '../images/registry.ts'
import type { SignerOrder } from './read-order.ts'

/** One manifest of an index. */
export interface OrderedPlatform {
  readonly platform: Platform
  readonly digest: ImageDigest
}

/** A manifest of which the index does not say where it runs may run anywhere. */
const UNTOLD = 'unspecified/unspecified'

/**
 * The manifests of the image's index, from its registry; undefined where nobody asked, or the image is one manifest. The registry is asked with
 * `--all-platforms`, and wherever the policy declares platforms, which nothing else can tell.
 */
export async function findPlatforms(context: Context, given: Given, { image, check }: SignerOrder): Promise<readonly OrderedPlatform[] | undefined> {
  const isDeclared = check?.policy.semantics === 'STRICT' && check.policy.platforms !== undefined
  if (!isDeclared && !given.has('--all-platforms')) return undefined
  const { children } = await (await openRegistry(context.terminal, given)).describeImage(acceptImage(image.text))
  if (children.length === 0) return undefined
  return children.map((child) => ({ digest: child.digest, platform: readPlatform(child.platform ?? UNTOLD) }))
}

function readPlatform(text: string): Platform {
  const [os = '', architecture = '', variant] = text.split('/')
  return { os, architecture, ...(variant === undefined ? {} : { variant }) }
}
