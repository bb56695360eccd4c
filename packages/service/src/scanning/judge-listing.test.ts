import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Advisory, AffectedPackage } from '@countersign/advisories/record/advisory.ts'
import { readAlmanac } from './almanac.ts'
import { judgeListing } from './judge-listing.ts'
import type { ImageListing, ListedPackage } from './listing.ts'

const DEBIAN = { name: 'Debian', release: '12' } as const

function os(name: string, version: string, source = { name, version }): ListedPackage {
  return { type: 'OS', ecosystem: DEBIAN, name, version, source, filePath: 'var/lib/dpkg/status', layer: 0 }
}

function npm(name: string, version: string): ListedPackage {
  return { type: 'NPM', ecosystem: { name: 'npm' }, name, version, filePath: `app/node_modules/${name}/package.json`, layer: 1 }
}

function listing(...packages: readonly ListedPackage[]): ImageListing {
  return { digest: `sha256:${'1'.repeat(64)}`, packages, layers: [], problems: [] }
}

function fixedIn(ecosystem: AffectedPackage['ecosystem'], name: string, version: string, more: Partial<AffectedPackage> = {}): AffectedPackage {
  return { ecosystem, name, ranges: [{ introduced: '0', end: { kind: 'FIXED', version } }], versions: [], ...more }
}

function advisory(id: string, affected: readonly AffectedPackage[], more: Partial<Advisory> = {}): Advisory {
  return { id, aliases: [], summary: '', details: '', references: [], affected, cvssVectors: [], ...more }
}

async function judge(packages: readonly ListedPackage[], advisories: readonly Advisory[]) {
  const { findings } = judgeListing(listing(...packages), await readAlmanac(advisories), '2026-01-31T12:00:00Z')
  return findings.map(({ id, noteName, effectiveSeverity, severity, issues }) => ({
    id,
    noteName,
    effectiveSeverity,
    severity,
    issues: issues.map((issue) => [
      issue.package,
      issue.version,
      issue.effectiveSeverity,
      issue.fix.state === 'AVAILABLE' ? issue.fix.version : issue.fix.state,
      issue.installed.length,
      issue.explanations.join('; '),
    ]),
  }))
}

const NINE = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'

describe('judgeListing()', () => {
  test('gives one finding a vulnerability and one issue a source package', async () => {
    const source = { name: 'openssl', version: '3.0.11-1' }
    const found = await judge(
      [os('libssl3', '3.0.11-1', source), os('openssl', '3.0.11-1', source), os('bash', '5.2-1')],
      [
        advisory('CVE-2026-1', [fixedIn(DEBIAN, 'openssl', '3.0.13-1', { rating: 'HIGH' })]),
        advisory('DSA-1-1', [fixedIn(DEBIAN, 'openssl', '3.0.12-1')], { aliases: ['CVE-2026-1'] }),
        advisory('CVE-2026-2', [fixedIn(DEBIAN, 'openssl', '3.0.11-1')]),
      ],
    )
    assert.deepEqual(found, [
      {
        id: 'CVE-2026-1',
        noteName: 'projects/goog-vulnz/notes/CVE-2026-1',
        effectiveSeverity: 'HIGH',
        severity: 'SEVERITY_UNSPECIFIED',
        issues: [['openssl', '3.0.11-1', 'HIGH', '3.0.13-1', 2, 'openssl 3.0.11-1 < 3.0.13-1, CVE-2026-1; openssl 3.0.11-1 < 3.0.12-1, DSA-1-1']],
      },
    ])
  })

  test('§5.3: a distribution’s rating goes before the score, which decides where there is none, from whichever feed', async () => {
    const scored = advisory('OSV-9', [], { aliases: ['CVE-2026-3'], cvssVectors: [NINE] })
    const rated = await judge([os('a', '1')], [advisory('CVE-2026-3', [fixedIn(DEBIAN, 'a', '2', { rating: 'LOW' })]), scored])
    const unrated = await judge([os('a', '1')], [advisory('CVE-2026-3', [fixedIn(DEBIAN, 'a', '2')]), scored])
    const unknown = await judge([os('a', '1')], [advisory('CVE-2026-3', [fixedIn(DEBIAN, 'a', '2')])])
    assert.deepEqual(
      [rated, unrated, unknown].map(([finding]) => [finding?.effectiveSeverity, finding?.severity]),
      [
        ['LOW', 'CRITICAL'],
        ['CRITICAL', 'CRITICAL'],
        ['SEVERITY_UNSPECIFIED', 'SEVERITY_UNSPECIFIED'],
      ],
    )
  })

  test('sorts by gravity, and the finding is as grave as its gravest issue', async () => {
    const found = await judge(
      [npm('a', '1.0.0'), npm('b', '1.0.0')],
      [
        advisory('GHSA-1', [fixedIn({ name: 'npm' }, 'a', '2.0.0', { rating: 'LOW' })]),
        advisory('GHSA-2', [
          fixedIn({ name: 'npm' }, 'a', '2.0.0', { rating: 'LOW' }),
          fixedIn({ name: 'npm' }, 'b', '1.1.0', { rating: 'CRITICAL' }),
        ]),
      ],
    )
    assert.deepEqual(
      found.map(({ id, effectiveSeverity }) => [id, effectiveSeverity]),
      [
        ['GHSA-2', 'CRITICAL'],
        ['GHSA-1', 'LOW'],
      ],
    )
  })

  test('says that there is no fix, and finds one behind a listed version', async () => {
    const open = { ecosystem: { name: 'npm' }, name: 'a', ranges: [{ introduced: '0', end: { kind: 'OPEN' } }], versions: [] } as const
    const found = await judge(
      [npm('a', '1.0.0'), npm('b', '1.0.0')],
      [advisory('A', [open]), advisory('B', [fixedIn({ name: 'npm' }, 'b', '1.2.0', { versions: ['1.0.0'] })])],
    )
    assert.deepEqual(
      found.map(({ issues }) => issues[0]?.[3]),
      ['NONE', '1.2.0'],
    )
  })
})

test('readAlmanac() keeps the newer state of a record, and one that was withdrawn matches nothing', async () => {
  const affected = [fixedIn({ name: 'npm' }, 'a', '2.0.0')]
  const [older, newer] = ['2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z']
  assert.deepEqual(
    await judge([npm('a', '1.0.0')], [advisory('A', affected, { modified: newer, withdrawn: newer }), advisory('A', affected, { modified: older })]),
    [],
  )
})

test('judgeListing() says what was not judged, and where nothing can be concluded', async () => {
  const known = await readAlmanac([advisory('A', [fixedIn(DEBIAN, 'zlib', '2')])])
  const judged = (...packages: readonly ListedPackage[]) => {
    const { analysed, problems, unsupported } = judgeListing(listing(...packages), known, '')
    return { analysed, problems, unsupported }
  }
  const silence = 'no feed speaks of npm, its 1 packages were not judged'
  assert.deepEqual(judged(os('a', '1'), npm('b', '1.0.0')), { analysed: ['OS'], problems: [silence], unsupported: undefined })
  assert.deepEqual(judged(npm('b', '1.0.0')), { analysed: [], problems: [], unsupported: silence })
  assert.deepEqual(judged(), { analysed: [], problems: [], unsupported: 'no packages were found in it' })
  const other = { ...os('a', '1'), ecosystem: { name: 'Debian', release: '13' } } as const
  assert.equal(judged(other).unsupported, 'no feed speaks of Debian 13, its 1 packages were not judged')
})
