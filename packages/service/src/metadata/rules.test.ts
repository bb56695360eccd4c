import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Message } from './message.ts'
import { findNoteFaults } from './note-body.ts'
import { findOccurrenceFaults } from './occurrence-body.ts'

const NORMAL = { kind: 'NORMAL', name: '1.0' }

function faultsOf(details: Message): readonly string[] {
  return findOccurrenceFaults({ resourceUri: 'r.example/app', ...details })
}

describe('§4.6: content of notes', () => {
  const cases: readonly (readonly [string, Message, readonly string[]])[] = [
    ['row note', {}, ['type is required']],
    ['row note', { build: { builderVersion: '1' }, package: { name: 'p' } }, ['type is one of build, package, expected exactly one']],
    [
      'row vulnerability, both that are needed',
      { vulnerability: { details: [{}] } },
      ['vulnerability.details[0].affected_cpe_uri is required', 'vulnerability.details[0].affected_package is required'],
    ],
    [
      'row vulnerability, versions where set, and what a NORMAL fix needs',
      {
        vulnerability: {
          details: [
            { affectedCpeUri: 'c', affectedPackage: 'p', affectedVersionStart: { kind: 'MINIMUM' }, fixedVersion: { kind: 'MAXIMUM' } },
            {
              affectedCpeUri: 'c',
              affectedPackage: 'p',
              affectedVersionStart: {},
              affectedVersionEnd: { kind: 'NORMAL' },
              fixedVersion: NORMAL,
            },
          ],
        },
      },
      [
        'vulnerability.details[1].affected_version_start.kind is required',
        'vulnerability.details[1].affected_version_end.name is required',
        'vulnerability.details[1].fixed_cpe_uri is required when fixed_version.kind is NORMAL',
        'vulnerability.details[1].fixed_package is required when fixed_version.kind is NORMAL',
      ],
    ],
    ['row vulnerability, v1beta1: details are optional', { vulnerability: {} }, []],
    ['row build', { build: {} }, ['build.builder_version is required']],
    [
      'row package',
      { package: { distribution: [{}, { cpeUri: 'c', latestVersion: { kind: 'NORMAL' } }] } },
      ['package.name is required', 'package.distribution[0].cpe_uri is required', 'package.distribution[1].version.name is required'],
    ],
    ['row package, the newer layout', { package: { name: 'p', cpeUri: 'c', version: NORMAL } }, []],
    ['row discovery', { discovery: {} }, ['discovery.analysis_kind is required']],
    ['row discovery', { discovery: { analysisKind: 'VULNERABILITY' } }, []],
    ['row attestation_authority', { attestation: { hint: {} } }, ['attestation_authority.hint.human_readable_name is required']],
    ['§4.3: not validated', { vulnerabilityAssessment: {} }, []],
    ['§4.3: not validated', { sbomReference: {} }, []],
  ]
  for (const [row, note, faults] of cases)
    test(`${row}: ${faults.length === 0 ? 'nothing' : faults[0]}`, () => assert.deepEqual(findNoteFaults(note), faults))
})

describe('§4.6: content of occurrences', () => {
  const cases: readonly (readonly [string, Message, readonly string[]])[] = [
    ['row occurrence', {}, ['details is required']],
    ['row vulnerability', { vulnerability: {} }, ['vulnerability.package_issue is required']],
    [
      'row vulnerability, v1: all four are needed',
      { vulnerability: { packageIssue: [{}] } },
      ['affected_cpe_uri', 'affected_package', 'affected_version', 'fixed_version'].map(
        (name) => `vulnerability.package_issue[0].${name} is required`,
      ),
    ],
    [
      'row vulnerability, v1: the NORMAL rule',
      { vulnerability: { packageIssue: [{ affectedCpeUri: 'c', affectedPackage: 'p', affectedVersion: { kind: 'NORMAL' }, fixedVersion: NORMAL }] } },
      [
        'vulnerability.package_issue[0].affected_version.name is required',
        'vulnerability.package_issue[0].fixed_cpe_uri is required when fixed_version.kind is NORMAL',
        'vulnerability.package_issue[0].fixed_package is required when fixed_version.kind is NORMAL',
      ],
    ],
    ['row build', { build: {} }, ['build.one of provenance, intotoProvenance, intotoStatement, inTotoSlsaProvenanceV1 is required']],
    ['row build, the SLSA form alone', { build: { inTotoSlsaProvenanceV1: {} } }, []],
    [
      'row build, provenance',
      { build: { provenance: { commands: [{}], sourceProvenance: { fileHashes: { a: {}, b: { fileHash: [{}] } } } } } },
      [
        'build.provenance.id is required',
        'build.provenance.commands[0].name is required',
        'build.provenance.source_provenance.file_hashes["a"].file_hash is required',
        'build.provenance.source_provenance.file_hashes["b"].file_hash[0].type is required',
        'build.provenance.source_provenance.file_hashes["b"].file_hash[0].value is required',
      ],
    ],
    ['row installation', { package: {} }, ['installation.location is required']],
    [
      'row installation',
      { package: { location: [{ version: {} }] } },
      ['installation.location[0].cpe_uri is required', 'installation.location[0].version.kind is required'],
    ],
    ['row installation, the newer layout', { package: { packageType: 'OS', version: NORMAL, location: [{ path: '/a' }] } }, []],
    ['row discovered', { discovery: {} }, []],
    ['§4.3: not validated', { sbomReference: {} }, []],
  ]
  for (const [row, details, faults] of cases)
    test(`${row}: ${faults.length === 0 ? 'nothing' : faults[0]}`, () => assert.deepEqual(faultsOf(details), faults))

  test('a list with very many faults is not told whole', () => {
    const packageIssue = Array.from({ length: 100_000 }, () => ({}))
    assert.ok(faultsOf({ vulnerability: { packageIssue } }).length < 100)
  })
})

describe('whatever stands in the members', () => {
  const MEMBERS = ['attestation', 'build', 'discovery', 'package', 'sbomReference', 'vulnerability', 'vulnerabilityAssessment']
  const NAMES = [
    'details',
    'packageIssue',
    'fixedVersion',
    'kind',
    'location',
    'provenance',
    'sourceProvenance',
    'fileHashes',
    'commands',
    'hint',
    '__proto__',
  ]
  const details = fc.object({ key: fc.constantFrom(...NAMES), maxDepth: 4, withNullPrototype: true })

  test('faults are told, not thrown, and the same each time', () => {
    fc.assert(
      fc.property(fc.constantFrom(...MEMBERS), details, (member, value) => {
        const message = { [member]: value }
        assert.deepEqual(findNoteFaults(message), findNoteFaults(message))
        assert.deepEqual(faultsOf(message), faultsOf(message))
      }),
    )
  })
})
