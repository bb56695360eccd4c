import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Parsed } from '@countersign/core/parsed.ts'
import fc from 'fast-check'
import { explainMatch } from '../match/explain.ts'
import { indexAdvisories, type InstalledPackage, matchPackage } from '../match/match.ts'
import type { Advisory } from './advisory.ts'
import { readAlpineSecdb } from './alpine-secdb.ts'
import { readDebianTracker } from './debian-tracker.ts'

function explain(read: Parsed<readonly Advisory[]>, installed: InstalledPackage): readonly string[] {
  assert.ok(read.ok)
  return matchPackage(indexAdvisories(read.value), installed).map(explainMatch)
}

// Written by hand after the descriptions of the two files.
const tracker = {
  openssl: {
    'CVE-2023-0464': {
      description: 'A security vulnerability has been identified in all supported versions of OpenSSL',
      scope: 'local',
      releases: {
        bookworm: { status: 'resolved', repositories: { bookworm: '3.0.17-1~deb12u2' }, fixed_version: '3.0.9-1', urgency: 'not yet assigned' },
        bullseye: { status: 'resolved', repositories: { bullseye: '1.1.1w-0+deb11u1' }, fixed_version: '0', urgency: 'not yet assigned' },
        trixie: { status: 'open', repositories: { trixie: '3.5.1-1' }, urgency: 'medium**' },
        sid: { status: 'open', repositories: { sid: '3.5.1-1' }, urgency: 'medium' },
      },
    },
  },
  libssl: { 'CVE-2023-0464': { releases: { bookworm: { status: 'undetermined', urgency: 'unimportant' } } } },
}

function onDebian(release: string, name: string, version: string): InstalledPackage {
  return { ecosystem: { name: 'Debian', release }, name, version, source: { name, version } }
}

test('readDebianTracker() knows what is fixed, open, undetermined and never affected, by release', () => {
  const read = readDebianTracker(tracker)
  assert.deepEqual(
    [
      explain(read, onDebian('12', 'openssl', '3.0.8-1')),
      explain(read, onDebian('12', 'openssl', '3.0.9-1')),
      explain(read, onDebian('11', 'openssl', '1.1.1n-0')),
      explain(read, onDebian('13', 'openssl', '3.5.1-1')),
      explain(read, onDebian('12', 'libssl', '9')),
    ],
    [['openssl 3.0.8-1 < 3.0.9-1, CVE-2023-0464'], [], [], ['openssl 3.5.1-1, no fix yet, CVE-2023-0464'], ['libssl 9, no fix yet, CVE-2023-0464']],
  )
  assert.ok(read.ok)
  assert.deepEqual(
    read.value.map(({ id, affected }) => ({ id, ratings: affected.map(({ rating }) => rating) })),
    [{ id: 'CVE-2023-0464', ratings: [undefined, 'MEDIUM', 'MINIMAL'] }],
  )
})

test('readAlpineSecdb() knows the first good version, and that several ids are one vulnerability', () => {
  const read = readAlpineSecdb({
    distroversion: 'v3.19',
    reponame: 'main',
    packages: [
      { pkg: { name: 'openssl', secfixes: { '3.1.4-r1': ['CVE-2023-5363', 'CVE-2023-5678 GHSA-aaaa-bbbb-cccc'], '0': ['CVE-2023-0466'] } } },
    ],
  })
  const installed: InstalledPackage = {
    ecosystem: { name: 'Alpine', release: 'v3.19' },
    name: 'libssl3',
    version: '3.1.4-r0',
    source: { name: 'openssl', version: '3.1.4-r0' },
  }
  assert.deepEqual(explain(read, installed), ['openssl 3.1.4-r0 < 3.1.4-r1, CVE-2023-5363', 'openssl 3.1.4-r0 < 3.1.4-r1, CVE-2023-5678'])
  assert.ok(read.ok)
  assert.deepEqual(
    read.value.map(({ id, aliases }) => [id, ...aliases]),
    [['CVE-2023-5363'], ['CVE-2023-5678', 'GHSA-aaaa-bbbb-cccc']],
  )
})

test('files of another shape are refused or give nothing, and nothing throws', () => {
  assert.equal(readAlpineSecdb({}).ok, false)
  assert.equal(readDebianTracker([]).ok, false)
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (tree, inner) => {
      readDebianTracker(tree)
      readDebianTracker({ a: { b: { releases: inner } }, c: { d: inner } })
      readAlpineSecdb({ distroversion: 'v3', packages: [tree, { pkg: { name: 'a', secfixes: inner } }] })
    }),
  )
})
