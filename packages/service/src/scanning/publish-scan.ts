import { StatusError } from '@countersign/core/status.ts'
import { DISCOVERY_NOTE, findingOccurrence, isOurs, noteOf, PACKAGE_NOTE, packageOccurrence } from './describe-scan.ts'
import type { FoundVulnerability, ScanResult } from './judge-listing.ts'
import type { PackageType } from './listing.ts'
import type { ScanStore, StoredTree } from './ports.ts'

/** Which image a scan is of, and the project that it is told in. */
export interface ScanTarget {
  readonly project: string
  /** `https://HOST/REPOSITORY@sha256:…` */
  readonly resourceUri: string
}

/** What telling a scan changed. */
export interface Published {
  readonly created: number
  readonly updated: number
  readonly unchanged: number
  /** Findings of an earlier scan that are none any more. */
  readonly withdrawn: number
}

/** A scan that is being told. */
export interface Publication {
  /** The image is being read. */
  scanning(): Promise<void>
  /** Nothing could be concluded: FINISHED_FAILED, or FINISHED_UNSUPPORTED for an image that no scanner can read. */
  fail(status: 'FINISHED_FAILED' | 'FINISHED_UNSUPPORTED', cause: string, at: string): Promise<void>
  /** Packages and findings first, then that the scan is done: whoever reads "finished" finds all of them. */
  finish(result: ScanResult): Promise<Published>
}

const BATCH = 200
const AT_ONCE = 8
const ANALYSIS_TYPES: Readonly<Record<PackageType, string>> = { OS: 'OS', GO: 'GO', GO_STDLIB: 'GO', MAVEN: 'MAVEN', NPM: 'NPM', PYPI: 'PYPI' }

/**
 * Begins to tell a scan: PENDING, SCANNING, then FINISHED (kritis-and-grafeas.md §5.1). The status is of the first scan: an image that was scanned well
 * stays so while it is scanned again, and no signer has to wait. A second telling updates what changed and withdraws what is no more; findings of
 * other scanners stay as they are.
 */
export async function beginPublication(store: ScanStore, target: ScanTarget): Promise<Publication> {
  await ensureNote(store, DISCOVERY_NOTE, { shortDescription: 'Scans for vulnerabilities', discovery: { analysisKind: 'VULNERABILITY' } })
  const [known] = (await store.listOccurrences(target.project, target.resourceUri, 'DISCOVERY')).filter(({ noteName }) => noteName === DISCOVERY_NOTE)
  const isScanned = statusOf(known) === 'FINISHED_SUCCESS'
  const name = known === undefined ? await createDiscovery(store, target) : nameOf(known)
  const tell = async (discovery: StoredTree): Promise<void> => await store.updateOccurrence(name, { discovery })
  if (known !== undefined && !isScanned) await tell({ analysisStatus: 'PENDING' })
  return {
    scanning: async () => {
      if (!isScanned) await tell({ analysisStatus: 'SCANNING' })
    },
    fail: async (status, cause, at) => {
      const error = { code: 13, message: cause.slice(0, 1000) }
      await tell({ analysisStatus: status, analysisStatusError: error, analysisError: [error], lastScanTime: at })
    },
    finish: async (result) => {
      const published = await publishFindings(store, target, result)
      // Another scanner's results tell of no packages: those that are known stay.
      if (result.listing.packages.length > 0) await publishPackages(store, target, result)
      await tell(finishedDiscovery(result))
      return published
    },
  }
}

async function createDiscovery(store: ScanStore, { project, resourceUri }: ScanTarget): Promise<string> {
  const [created] = await store.createOccurrences(project, [{ noteName: DISCOVERY_NOTE, resourceUri, discovery: { analysisStatus: 'PENDING' } }])
  return nameOf(created)
}

function finishedDiscovery({ analysed, problems, scannedAt }: ScanResult): StoredTree {
  const errors = problems.slice(0, 20).map((message) => ({ code: 9, message: message.slice(0, 500) }))
  return {
    analysisStatus: 'FINISHED_SUCCESS',
    analysisCompleted: { analysisType: [...new Set(analysed.map((type) => ANALYSIS_TYPES[type]))] },
    ...(errors.length === 0 ? {} : { analysisError: errors }),
    lastScanTime: scannedAt,
  }
}

async function publishFindings(store: ScanStore, { project, resourceUri }: ScanTarget, result: ScanResult): Promise<Published> {
  await inParallel(result.findings, async (finding) => await publishNote(store, finding))
  const known = new Map(
    (await store.listOccurrences(project, resourceUri, 'VULNERABILITY')).filter(isOurs).map((one) => [String(one['noteName']), one]),
  )
  const wanted = result.findings.map((finding) => findingOccurrence(finding, result, resourceUri))
  const fresh = wanted.filter(({ noteName }) => !known.has(String(noteName)))
  const changed = wanted.flatMap((occurrence) => {
    const before = known.get(String(occurrence['noteName']))
    return before === undefined || isSame(before['vulnerability'], occurrence['vulnerability']) ? [] : [{ name: nameOf(before), occurrence }]
  })
  const names = new Set(wanted.map(({ noteName }) => String(noteName)))
  const gone = [...known].filter(([noteName]) => !names.has(noteName))
  for (let at = 0; at < fresh.length; at += BATCH) await store.createOccurrences(project, fresh.slice(at, at + BATCH))
  await inParallel(changed, async ({ name, occurrence }) => await store.updateOccurrence(name, { vulnerability: occurrence['vulnerability'] }))
  // Last, so that a telling that breaks off has said too much and never too little.
  await inParallel(gone, async ([, occurrence]) => await store.deleteOccurrence(nameOf(occurrence)))
  const unchanged = wanted.length - fresh.length - changed.length
  return { created: fresh.length, updated: changed.length, unchanged, withdrawn: gone.length }
}

/** A note is shared by all images: it is written once, and again where the advisory says something else now. */
async function publishNote(store: ScanStore, finding: FoundVulnerability): Promise<void> {
  const note = noteOf(finding)
  const known = await store.findNote(finding.noteName)
  if (known === undefined) await createNote(store, finding.noteName, note)
  else if (known['longDescription'] !== note['longDescription'])
    await store.updateNote(finding.noteName, { longDescription: note['longDescription'] })
}

async function publishPackages(store: ScanStore, { project, resourceUri }: ScanTarget, result: ScanResult): Promise<void> {
  await ensureNote(store, PACKAGE_NOTE, { shortDescription: 'Packages of images', package: { name: 'package' } })
  const known = (await store.listOccurrences(project, resourceUri, 'PACKAGE')).filter(({ noteName }) => noteName === PACKAGE_NOTE)
  const wanted = new Map(result.listing.packages.map((listed) => packageOccurrence(listed, result, resourceUri)).map((one) => [keyOf(one), one]))
  const gone = known.filter((one) => !wanted.delete(keyOf(one)))
  const fresh = [...wanted.values()]
  for (let at = 0; at < fresh.length; at += BATCH) await store.createOccurrences(project, fresh.slice(at, at + BATCH))
  await inParallel(gone, async (occurrence) => await store.deleteOccurrence(nameOf(occurrence)))
}

/** An image's packages never change: what is stored differs only where an earlier version of this program listed otherwise. */
function keyOf(occurrence: StoredTree): string {
  const { name, packageType, version, location } = treeIn(occurrence['package'])
  const path = treeIn(Array.isArray(location) ? location[0] : undefined)['path']
  return JSON.stringify([packageType, name, treeIn(version)['fullName'], path])
}

async function ensureNote(store: ScanStore, name: string, note: StoredTree): Promise<void> {
  if ((await store.findNote(name)) === undefined) await createNote(store, name, note)
}

/** Two scans may find that there is no note at the same time: then it is there now. */
async function createNote(store: ScanStore, name: string, note: StoredTree): Promise<void> {
  try {
    await store.createNote(name, note)
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 'ALREADY_EXISTS') throw error
  }
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items]
  const next = async (): Promise<void> => {
    for (let item = queue.pop(); item !== undefined; item = queue.pop()) await work(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, next))
}

/** Whether a stored tree says what is wanted: members that the store adds, and those that it leaves out because they say nothing, count for nothing. */
function isSame(stored: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    const items = Array.isArray(stored) ? stored : []
    return items.length === wanted.length && wanted.every((item, index) => isSame(items[index], item))
  }
  // Scores are stored in 32 bits.
  if (typeof wanted === 'number' && typeof stored === 'number') return Math.fround(wanted) === Math.fround(stored)
  if (typeof wanted !== 'object' || wanted === null) return stored === wanted || (stored === undefined && isEmpty(wanted))
  return Object.entries(wanted).every(([key, value]) => isSame(treeIn(stored)[key], value))
}

function isEmpty(value: unknown): boolean {
  return value === '' || value === 0 || value === false || (typeof value === 'string' && value.endsWith('_UNSPECIFIED'))
}

function statusOf(occurrence: StoredTree | undefined): unknown {
  return treeIn(occurrence?.['discovery'])['analysisStatus']
}

function nameOf(occurrence: StoredTree | undefined): string {
  const name = occurrence?.['name']
  if (typeof name === 'string') return name
  throw new StatusError('INTERNAL', 'The server gave an occurrence without a name')
}

function treeIn(value: unknown): StoredTree {
  return typeof value === 'object' && value !== null ? (value as StoredTree) : {}
}
