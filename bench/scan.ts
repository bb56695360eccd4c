import { execFileSync } from 'node:child_process'
import { createReadStream, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readFeed } from '@countersign/adapters/listing/feeds/read-feed.ts'
import { listPackages } from '@countersign/adapters/listing/list-packages.ts'
import { matchPackage } from '@countersign/advisories/match/match.ts'
import { readAlmanac } from '@countersign/service/scanning/almanac.ts'

// npm run bench -- --scan: what reading a Debian image, importing a feed and matching cost. Each row is a fresh process; see bench/README.md.
const MIB = 1024 * 1024
const IMAGE_BYTES = 150 * MIB
const RECORDS = 100_000
const PACKAGES = 500

const [, , kind, file = ''] = process.argv
const rows = { list, match } as const
if (kind === 'list' || kind === 'match') process.stdout.write(`${JSON.stringify(await rows[kind](file))}\n`)
else measure()

function measure(): void {
  const folder = mkdtempSync(join(tmpdir(), 'bench-scan-'))
  try {
    const layer = makeLayer(folder)
    execFileSync('gzip', ['-k', layer])
    const feed = join(folder, 'feed.jsonl')
    writeFileSync(feed, Array.from({ length: RECORDS }, (_, index) => JSON.stringify(record(index))).join('\n'))
    for (const path of [layer, `${layer}.gz`])
      show(`list packages, ${Math.round(statSync(path).size / MIB)} MB ${path.endsWith('.gz') ? 'gzip' : 'tar'}`, 'list', path)
    show(`import ${RECORDS} records, then match ${PACKAGES} packages`, 'match', feed)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function show(title: string, what: keyof typeof rows, path: string): void {
  const args = [import.meta.filename, what, path]
  const [best] = Array.from(
    { length: 3 },
    () => JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Readonly<Record<string, number>>,
  ).sort((one, other) => (one['seconds'] ?? 0) - (other['seconds'] ?? 0))
  process.stdout.write(
    `| ${title} | ${Object.entries(best ?? {})
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')} |\n`,
  )
}

/** As much of this machine's Debian as the goal names: its list of packages and its files. */
function makeLayer(folder: string): string {
  const files = execFileSync('find', ['/usr/lib', '/usr/bin', '/usr/share', '-xdev', '-type', 'f', '-size', '-20000k', '-printf', '%s %P %H\n'], {
    encoding: 'utf8',
    maxBuffer: 256 * MIB,
  })
  let total = 0
  const chosen = files
    .trimEnd()
    .split('\n')
    .flatMap((line) => {
      const [size = '', path = '', under = ''] = line.split(' ')
      total += Number(size) + 1024
      return total > IMAGE_BYTES ? [] : [`${under.slice(1)}/${path}`]
    })
  const list = join(folder, 'files')
  writeFileSync(list, ['var/lib/dpkg/status', 'usr/lib/os-release', ...chosen].join('\n'))
  execFileSync('tar', ['-C', '/', '--no-recursion', '-cf', join(folder, 'layer.tar'), '-T', list], { stdio: 'ignore' })
  return join(folder, 'layer.tar')
}

async function list(path: string) {
  const start = performance.now()
  const layers = [{ open: () => createReadStream(path, { highWaterMark: MIB / 4 }) }]
  const { packages } = await listPackages({ digest: '', config: { diffIds: [] }, layers })
  return { seconds: secondsSince(start), 'peak MB': Math.round(process.resourceUsage().maxRSS / 1024), packages: packages.length }
}

async function match(path: string) {
  const start = performance.now()
  const { index } = await readAlmanac(readFeed(path))
  const imported = secondsSince(start)
  const matching = performance.now()
  let found = 0
  for (let at = 0; at < PACKAGES; at++) {
    const name = `package-${at * 7}`
    found += matchPackage(index, { ecosystem: { name: 'Debian', release: '12' }, name, version: '1.5-1', source: { name, version: '1.5-1' } }).length
  }
  return {
    'records/s': Math.round(RECORDS / imported),
    seconds: secondsSince(matching),
    found,
    'peak MB': Math.round(process.resourceUsage().maxRSS / 1024),
  }
}

function record(index: number): object {
  const ranges = [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: `${index % 3}.${index % 10}-1` }] }]
  const affected = [{ package: { ecosystem: 'Debian:12', name: `package-${index % 5000}` }, ranges }]
  return { id: `CVE-2026-${index}`, modified: '2026-01-01T00:00:00Z', summary: 'A synthetic record', details: 'x'.repeat(300), affected }
}

function secondsSince(start: number): number {
  return Number(((performance.now() - start) / 1000).toFixed(3))
}
