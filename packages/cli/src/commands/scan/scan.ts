import { listPackages } from '@countersign/adapters/listing/list-packages.ts'
import { readFeed } from '@countersign/adapters/listing/feeds/read-feed.ts'
import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Almanac } from '@countersign/service/scanning/almanac.ts'
import { readAlmanac } from '@countersign/service/scanning/almanac.ts'
import { judgeListing, type ScanResult } from '@countersign/service/scanning/judge-listing.ts'
import { beginPublication, type Publication } from '@countersign/service/scanning/publish-scan.ts'
import { resolve } from 'node:path'
import type { Context } from '../../context.ts'
import { reportError } from '../../report-error.ts'
import { EXIT, type ExitCode, UsageError } from '../../terminal.ts'
import type { Given } from '../given.ts'
import { REGISTRY_OPTIONS } from '../images/registry.ts'
import type { Verb } from '../verb.ts'
import { openImage, type OpenedImage } from './open-image.ts'
import { exitCodeOf, parseFailOn, requireFormat, showScan } from './report.ts'
import { makeScanStore } from './stored-scan.ts'
import { readTold } from './told-results.ts'

export const scan: Verb = {
  usage: 'scan <image>',
  summary: 'List what is in an image, and what is known to be wrong with it',
  details: [
    'The image is one in a registry, oci:FOLDER[:TAG] (a folder or a tar of an OCI layout), or docker-archive:FILE[:TAG].',
    'Feeds are files that you have: OSV records (zip, folder, .json, .jsonl), the Debian security tracker’s JSON, Alpine’s secdb. Nothing is downloaded.',
    'With --upload the scan is told to the server, where countersign signer waits for it.',
    'Exit codes: 0 nothing at or above --fail-on · 1 a vulnerability is · 2 usage · 3 the image, or its system, could not be judged.',
  ].join('\n'),
  examples: [
    'countersign scan registry.example/app:1.2 --feeds tracker.json --feeds osv/npm.zip --fail-on HIGH',
    'countersign scan oci:build/layout:v1 --feeds feeds/ -o sarif',
    'countersign scan docker-archive:app.tar --feeds feeds/ -o cyclonedx',
    'countersign scan registry.example/app@sha256:02115bc7… --feeds feeds/ --upload --project demo',
    'countersign scan registry.example/app@sha256:02115bc7… --results trivy.json --upload --project demo',
  ],
  options: [
    { flags: '--feeds <path>', summary: 'a file or folder of advisories; several are read together', kind: 'list' },
    { flags: '--results <file>', summary: 'what another scanner found, in place of a scan: the JSON of trivy image or grype' },
    { flags: '--fail-on <severity>', summary: 'end with 1 where a vulnerability is as grave: MINIMAL, LOW, MEDIUM, HIGH, CRITICAL, or ANY' },
    { flags: '--platform <platform>', summary: 'which image of an index, such as linux/arm64 (default: linux/amd64, or the only one)' },
    { flags: '--upload', summary: 'tell the scan to the server' },
    { flags: '--as <repository>', summary: 'the repository that a layout will be pushed to, for --upload' },
    ...REGISTRY_OPTIONS,
  ],
  async run(context, given): Promise<ExitCode> {
    requireFormat(context)
    const failOn = parseFailOn(given.text('--fail-on'))
    if (given.has('--results') === given.list('--feeds').length > 0)
      throw new UsageError(
        'Exactly one of --feeds and --results is needed',
        'Without feeds nothing is known of any package: name files or folders with --feeds',
      )
    try {
      const { name, result } = given.has('--results') ? await scanByOther(context, given) : await scanByOurselves(context, given)
      await showScan(context, name, result)
      return exitCodeOf(context, result, failOn)
    } catch (error) {
      const code = reportError(error, context.terminal)
      // A scan that did not come about found nothing that violates.
      return code === EXIT.NO ? EXIT.UNDECIDED : code
    }
  },
}

interface Scanned {
  readonly name: string
  readonly result: ScanResult
}

async function scanByOurselves(context: Context, given: Given): Promise<Scanned> {
  const almanac = await readFeeds(context, given)
  const image = await openImage(context, given)
  const publication = given.has('--upload') ? await publish(context, image) : undefined
  const result = await tell(context, publication, async (scannedAt) => judgeListing(await list(context, image), almanac, scannedAt))
  return { name: image.name, result }
}

async function scanByOther(context: Context, given: Given): Promise<Scanned> {
  const { image, result } = await readTold(context, given)
  const publication = given.has('--upload') ? await publish(context, image) : undefined
  return { name: image.name, result: await tell(context, publication, async () => result) }
}

async function readFeeds({ terminal }: Context, given: Given): Promise<Almanac> {
  const paths = given.list('--feeds').map((path) => resolve(terminal.cwd, path))
  const almanac = await readAlmanac(all())
  if (terminal.interactive) terminal.say(`Read ${almanac.advisories} advisories.`)
  if (almanac.advisories > 0) return almanac
  throw new UsageError(`There are no advisories in ${paths.map(quote).join(', ')}`, 'A feed that has nothing to say makes every image look clean')

  async function* all(): ReturnType<typeof readFeed> {
    for (const path of paths) yield* readFeed(path)
  }
}

async function tell(context: Context, publication: Publication | undefined, scanImage: (at: string) => Promise<ScanResult>): Promise<ScanResult> {
  const now = (): string => new Date(context.terminal.now()).toISOString()
  try {
    await publication?.scanning()
    const result = await scanImage(now())
    if (result.unsupported !== undefined) await publication?.fail('FINISHED_UNSUPPORTED', result.unsupported, now())
    else if (publication !== undefined) tellPublished(context, await publication.finish(result))
    return result
  } catch (error) {
    await publication?.fail('FINISHED_FAILED', error instanceof StatusError ? error.message : 'the scanner failed', now())
    throw error
  }
}

async function list({ terminal }: Context, { source }: OpenedImage): ReturnType<typeof listPackages> {
  const onProgress: NonNullable<Parameters<typeof listPackages>[1]>['onProgress'] = ({ layer, layers, entries }) => {
    terminal.say(`Layer ${layer} of ${layers}${entries === 0 ? '' : `, ${entries} files so far`}`)
  }
  return await listPackages(source, terminal.interactive ? { onProgress } : {})
}

async function publish(context: Context, { resourceUri, name }: Omit<OpenedImage, 'source'>): Promise<Publication> {
  if (resourceUri === undefined)
    throw new UsageError(
      `"${name}" has no place in a registry that a scan could be told of`,
      'Name its repository with --as; an archive of docker has no digest of a manifest: push it first',
    )
  const project = context.project()
  const store = makeScanStore(await context.api())
  return await beginPublication(store, { project, resourceUri })
}

function tellPublished({ terminal }: Context, { created, updated, unchanged, withdrawn }: Awaited<ReturnType<Publication['finish']>>): void {
  terminal.say(`Told the server: ${created} findings are new, ${updated} changed, ${unchanged} stayed, ${withdrawn} were withdrawn.`)
}
