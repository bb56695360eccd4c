import { repositoryOf } from '@countersign/core/image/reference.ts'
import { formatIssue } from '@countersign/core/parsed.ts'
import type { ScanResult } from '@countersign/service/scanning/judge-listing.ts'
import { readResults } from '@countersign/service/scanning/results/read-results.ts'
import type { Context } from '../../context.ts'
import { UsageError } from '../../terminal.ts'
import type { Given } from '../given.ts'
import { acceptImage, openRegistry } from '../images/registry.ts'
import type { OpenedImage } from './open-image.ts'

/** An image and what another scanner found in it. The image is only named: its registry is asked for the digest of a tag, and for nothing else. */
export async function readTold(
  context: Context,
  given: Given,
): Promise<{ readonly image: Omit<OpenedImage, 'source'>; readonly result: ScanResult }> {
  const [text, file] = [given.argument(0), given.required('--results')]
  if (/^(?:oci|docker-archive):/.test(text))
    throw new UsageError(`"${text}" has no digest in a registry, which results are about`, 'Name the image as its registry does')
  const reference = acceptImage(text)
  const digest = reference.digest ?? (await (await openRegistry(context.terminal, given)).resolveTag(reference))
  const readAt = new Date(context.terminal.now()).toISOString()
  const parsed = readResults(parse(await context.terminal.files.read(file), file), { digest, readAt })
  if (!parsed.ok) throw new UsageError(`The results in "${file}" are not valid: ${parsed.issues.map(formatIssue).join('; ')}`)
  const name = `${repositoryOf(reference)}@${digest}`
  return { image: { name, resourceUri: `https://${name}` }, result: parsed.value }
}

function parse(bytes: Uint8Array, file: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    throw new UsageError(`The results in "${file}" are no JSON`)
  }
}
