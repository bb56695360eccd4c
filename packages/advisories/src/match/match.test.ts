import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { isJsonObject } from '@countersign/core/json-object.ts'
import fc from 'fast-check'
import { type Advisory, primaryId } from '../record/advisory.ts'
import { readOsv } from '../record/osv.ts'
import { compareSemantic } from '../version/semantic.ts'
import { explainMatch } from './explain.ts'
import { indexAdvisories, type InstalledPackage, matchPackage } from './match.ts'

const records = readFileSync(new URL('../../../../vectors/advisories/go-vulndb.osv.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')

function advisory(record: object): Advisory {
  const read = readOsv({ id: 'TEST-1', modified: '2026-01-01T00:00:00Z', ...record })
  assert.ok(read.ok)
  return read.value
}

function affecting(ecosystem: string, name: string, events: readonly object[], more: object = {}): Advisory {
  return advisory({ affected: [{ package: { ecosystem, name }, ranges: [{ type: 'ECOSYSTEM', events }], ...more }] })
}

function explain(record: Advisory, installed: InstalledPackage): readonly string[] {
  return matchPackage(indexAdvisories([record]), installed).map(explainMatch)
}

describe('matchPackage()', () => {
  test('compares the source package of a distribution, within its release', () => {
    const record = affecting('Debian:12', 'openssl', [{ introduced: '0' }, { fixed: '3.0.22-1' }])
    const installed: InstalledPackage = {
      ecosystem: { name: 'Debian', release: '12' },
      name: 'libssl3',
      version: '3.0.20-1+b1',
      source: { name: 'openssl', version: '3.0.20-1' },
    }
    assert.deepEqual(explain(record, installed), ['openssl 3.0.20-1 < 3.0.22-1, TEST-1'])
    assert.deepEqual(explain(record, { ...installed, source: { name: 'openssl', version: '3.0.22-1' } }), [])
    assert.deepEqual(explain(record, { ...installed, ecosystem: { name: 'Debian', release: '13' } }), [])
  })

  test('knows several ranges, given in any order, and where the last affected version is named', () => {
    const record = affecting('npm', 'pad', [{ introduced: '2.0.0' }, { fixed: '1.2.0' }, { introduced: '0' }, { last_affected: '2.3.0' }])
    const at = (version: string) => explain(record, { ecosystem: { name: 'npm' }, name: 'pad', version })
    assert.deepEqual(
      ['0.1.0', '1.2.0', '2.0.0', '2.3.0', '2.3.1'].map((version) => at(version)),
      [['pad 0.1.0 < 1.2.0, TEST-1'], [], ['2.0.0 ≤ pad 2.0.0 ≤ 2.3.0, TEST-1'], ['2.0.0 ≤ pad 2.3.0 ≤ 2.3.0, TEST-1'], []],
    )
  })

  test('says so where there is no fix', () => {
    const record = affecting('Alpine:v3.19', 'zlib', [{ introduced: '0' }])
    const installed: InstalledPackage = { ecosystem: { name: 'Alpine', release: 'v3.19' }, name: 'zlib', version: '1.3-r2' }
    assert.deepEqual(explain(record, installed), ['zlib 1.3-r2, no fix yet, TEST-1'])
  })

  test('does not clear a version that cannot be ordered', () => {
    const record = affecting('Go', 'example.org/a', [{ introduced: '0' }, { fixed: '1.0.0' }])
    const installed: InstalledPackage = { ecosystem: { name: 'Go' }, name: 'example.org/a', version: '(devel)' }
    assert.deepEqual(explain(record, installed), ['example.org/a (devel): "(devel)" is no version that can be compared, TEST-1'])
  })

  test('finds a listed version, in another spelling too', () => {
    const record = affecting('PyPI', 'Flask-Login', [], { versions: ['0.6.0'] })
    assert.deepEqual(explain(record, { ecosystem: { name: 'PyPI' }, name: 'flask_login', version: '0.6' }), ['flask_login 0.6 is listed, TEST-1'])
  })

  test('leaves out a record that was withdrawn', () => {
    const record = { ...affecting('npm', 'pad', [{ introduced: '0' }]), withdrawn: '2026-02-01T00:00:00Z' }
    assert.deepEqual(explain(record, { ecosystem: { name: 'npm' }, name: 'pad', version: '1.0.0' }), [])
  })

  test('agrees with an obvious matcher on real records, at and around every version that they name', () => {
    const index = indexAdvisories(records.map((line) => advisory(JSON.parse(line) as object)))
    const asked = records.flatMap((line) => versionsIn(JSON.parse(line)))
    assert.ok(asked.length > 300, `${asked.length}`)
    for (const { name, version } of asked) {
      const found = matchPackage(index, { ecosystem: { name: 'Go' }, name, version }).map(({ advisory: { id } }) => id)
      assert.deepEqual(new Set(found), obviouslyAffecting(name, version), `${name} ${version}`)
    }
  })
})

interface OsvRange {
  readonly events: readonly { readonly introduced?: string; readonly fixed?: string }[]
}
interface OsvRecord {
  readonly id: string
  readonly affected: readonly { readonly package: { readonly name: string }; readonly ranges: readonly OsvRange[] }[]
}

/** Every version that a record names, and one just before and after it. */
function versionsIn(record: OsvRecord): readonly { readonly name: string; readonly version: string }[] {
  return record.affected.flatMap(({ package: { name }, ranges }) =>
    ranges
      .flatMap(({ events }) => events.flatMap(({ introduced, fixed }) => [introduced, fixed]))
      .filter((version) => version !== undefined)
      .flatMap((version) => [version, `${version}.0`, version.replace(/\d+$/, (digits) => String(Number(digits) + 1))])
      .filter((version) => compareSemantic(version, version) === 0)
      .map((version) => ({ name, version })),
  )
}

/** The schema's evaluation, word for word: walk the sorted events, remember whether the last one that applies opens or closes. */
function obviouslyAffecting(name: string, version: string): ReadonlySet<string> {
  const ids = new Set<string>()
  const reaches = (bound: string | undefined) => bound !== undefined && (bound === '0' || (compareSemantic(version, bound) ?? -1) >= 0)
  for (const line of records) {
    const record = JSON.parse(line) as OsvRecord
    for (const affected of record.affected.filter((entry) => entry.package.name === name)) {
      for (const { events } of affected.ranges) {
        const opened = events.filter(({ introduced }) => reaches(introduced)).length
        const closed = events.filter(({ fixed }) => reaches(fixed)).length
        if (opened > closed) ids.add(record.id)
      }
    }
  }
  return ids
}

describe('readOsv()', () => {
  test('reads all of a real record', () => {
    const { details, references, ...record } = advisory(JSON.parse(records[0] ?? '') as object)
    assert.deepEqual(record, {
      id: 'GO-2020-0007',
      aliases: ['CVE-2017-18367', 'GHSA-58v3-j75h-xr49'],
      summary: 'Improper input validation in github.com/seccomp/libseccomp-golang',
      published: '2021-04-14T20:04:52Z',
      modified: '0001-01-01T00:00:00Z',
      affected: [
        {
          ecosystem: { name: 'Go' },
          name: 'github.com/seccomp/libseccomp-golang',
          ranges: [{ introduced: '0', end: { kind: 'FIXED', version: '0.9.1-0.20170424173420-06e7a29f36a3' } }],
          versions: [],
        },
      ],
      cvssVectors: [],
    })
    assert.deepEqual([details.length, references.length, primaryId(record)], [290, 1, 'CVE-2017-18367'])
  })

  test('says which ecosystems it leaves out', () => {
    const read = readOsv({ id: 'A', modified: 'x', affected: [{ package: { ecosystem: 'Hex', name: 'a' } }] })
    assert.ok(read.ok)
    assert.deepEqual(read.notes, [{ path: ['affected', 0, 'package', 'ecosystem'], message: 'Not read: the versions of "Hex" have no order here' }])
  })

  test('reads what feeds say of the severity', () => {
    const [github, debian] = [
      advisory({
        database_specific: { severity: 'MODERATE' },
        severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
      }),
      affecting('Debian:12', 'a', [], { ecosystem_specific: { urgency: 'unimportant' } }),
    ]
    assert.deepEqual([github.rating, github.cvssVectors.length, debian.affected[0]?.rating], ['MEDIUM', 1, 'MINIMAL'])
  })

  test('refuses what is no record, and never throws', () => {
    assert.deepEqual(readOsv([]), { ok: false, issues: [{ path: [], message: 'Expected an OSV record, which is an object' }] })
    fc.assert(
      fc.property(fc.jsonValue(), (tree) => {
        const read = readOsv(isJsonObject(tree) ? { id: 'A', modified: 'x', affected: Object.values(tree), severity: tree } : tree)
        assert.equal(read.ok, isJsonObject(tree))
      }),
    )
  })
})

test('matchPackage() looks for packages of rpm under their own name and that of their source', () => {
  const installed: InstalledPackage = {
    ecosystem: { name: 'AlmaLinux', release: '9' },
    name: 'openssl-libs',
    version: '1:3.0.7-24.el9',
    source: { name: 'openssl', version: '1:3.0.7-24.el9' },
  }
  for (const name of ['openssl', 'openssl-libs']) {
    const record = affecting('AlmaLinux:9', name, [{ introduced: '0' }, { fixed: '1:3.0.7-25.el9' }])
    assert.deepEqual(explain(record, installed), [`${name} 1:3.0.7-24.el9 < 1:3.0.7-25.el9, TEST-1`])
  }
})
