import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { readResults } from './read-results.ts'

const DIGEST = `sha256:${'ab'.repeat(32)}`
const NINE = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'

// Written by hand after the two programs' descriptions of their formats.
const trivy = {
  SchemaVersion: 2,
  ArtifactName: 'registry.example/app:1',
  Metadata: { OS: { Family: 'debian', Name: '12.5' }, RepoDigests: [`registry.example/app@${DIGEST}`] },
  Results: [
    {
      Target: 'registry.example/app:1 (debian 12.5)',
      Class: 'os-pkgs',
      Type: 'debian',
      Vulnerabilities: [
        {
          VulnerabilityID: 'CVE-2026-1',
          PkgName: 'openssl',
          InstalledVersion: '3.0.11-1',
          FixedVersion: '3.0.13-1',
          Severity: 'LOW',
          CVSS: { nvd: { V3Vector: NINE } },
        },
      ],
    },
    {
      Target: 'app/server',
      Class: 'lang-pkgs',
      Type: 'gobinary',
      Vulnerabilities: [
        { VulnerabilityID: 'CVE-2026-2', PkgName: 'stdlib', InstalledVersion: '1.22.0', Severity: 'UNKNOWN', CVSS: { nvd: { V3Vector: NINE } } },
      ],
    },
    { Target: 'Cargo.lock', Class: 'lang-pkgs', Type: 'cargo', Vulnerabilities: [] },
  ],
}
const grype = {
  matches: [
    {
      vulnerability: {
        id: 'GHSA-aaaa-bbbb-cccc',
        severity: 'Medium',
        fix: { state: 'fixed', versions: ['1.3.0'] },
        cvss: [],
        dataSource: 'https://example.org/a',
      },
      relatedVulnerabilities: [{ id: 'CVE-2026-3', cvss: [{ vector: NINE }] }],
      artifact: { name: 'left-pad', version: '1.2.0', type: 'npm', locations: [{ path: '/app/node_modules/left-pad/package.json' }] },
    },
  ],
  source: { type: 'image', target: { manifestDigest: DIGEST, repoDigests: [] } },
  distro: { name: 'alpine', version: '3.19.1' },
}

function read(tree: unknown) {
  const parsed = readResults(tree, { digest: DIGEST, readAt: '2026-01-31T12:00:00Z' })
  assert.ok(parsed.ok, JSON.stringify(parsed))
  const { findings, analysed, unsupported } = parsed.value
  return {
    analysed,
    unsupported,
    findings: findings.map(({ id, aliases, effectiveSeverity, severity, issues }) => [
      id,
      aliases,
      effectiveSeverity,
      severity,
      issues.map((issue) => [issue.packageType, issue.package, issue.version, issue.fix, issue.installed[0]?.filePath]),
    ]),
  }
}

describe('readResults()', () => {
  test('reads Trivy’s report', () => {
    assert.deepEqual(read(trivy), {
      analysed: ['OS', 'GO'],
      unsupported: undefined,
      findings: [
        ['CVE-2026-1', [], 'LOW', 'CRITICAL', [['OS', 'openssl', '3.0.11-1', { state: 'AVAILABLE', version: '3.0.13-1' }, '']]],
        ['CVE-2026-2', [], 'CRITICAL', 'CRITICAL', [['GO_STDLIB', 'go', '1.22.0', { state: 'NONE' }, 'app/server']]],
      ],
    })
  })

  test('reads Grype’s, under the name that people look up', () => {
    assert.deepEqual(read(grype), {
      analysed: ['OS', 'NPM'],
      unsupported: undefined,
      findings: [
        [
          'CVE-2026-3',
          ['GHSA-aaaa-bbbb-cccc'],
          'MEDIUM',
          'CRITICAL',
          [['NPM', 'left-pad', '1.2.0', { state: 'AVAILABLE', version: '1.3.0' }, '/app/node_modules/left-pad/package.json']],
        ],
      ],
    })
  })

  test('a report that tells of no packages is no clean bill', () => {
    assert.equal(read({ ...trivy, Results: [] }).unsupported, 'trivy tells of no packages')
  })

  for (const [what, tree, message] of [
    ['is about another image', { ...trivy, Metadata: { RepoDigests: [`a@sha256:${'cd'.repeat(32)}`] } }, /They are about sha256:cdcd/],
    ['is something else', { version: '2.1.0', runs: [] }, /Expected what "trivy image/],
    ['names no package', { ...grype, matches: [{ ...grype.matches[0], artifact: { type: 'npm' } }] }, /names no id, package or version/],
  ] as const) {
    test(`refuses what ${what}`, () => {
      const parsed = readResults(tree, { digest: DIGEST, readAt: '' })
      assert.match(parsed.ok ? '' : (parsed.issues[0]?.message ?? ''), message)
    })
  }

  test('never throws', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        readResults({ SchemaVersion: 2, ArtifactName: '', Results: one, Metadata: other }, { digest: '', readAt: '' })
        readResults({ matches: [one, { vulnerability: other, artifact: one }], source: {}, distro: other }, { digest: '', readAt: '' })
      }),
    )
  })
})
