import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type DescField, type DescMessage, fromJson, type JsonObject, toJson } from '@bufbuild/protobuf'
import {
  NoteSchema as NoteV1Beta1Schema,
  OccurrenceSchema as OccurrenceV1Beta1Schema,
} from '../gen/google/devtools/containeranalysis/v1beta1/grafeas/grafeas_pb.ts'
import { InstallationSchema, PackageSchema } from '../gen/google/devtools/containeranalysis/v1beta1/package/package_pb.ts'
import { BuildProvenanceSchema as ProvenanceV1Beta1Schema } from '../gen/google/devtools/containeranalysis/v1beta1/provenance/provenance_pb.ts'
import { DetailsSchema, VulnerabilitySchema } from '../gen/google/devtools/containeranalysis/v1beta1/vulnerability/vulnerability_pb.ts'
import { NoteSchema, OccurrenceSchema } from '../gen/grafeas/v1/grafeas_pb.ts'
import { PackageNoteSchema, PackageOccurrenceSchema } from '../gen/grafeas/v1/package_pb.ts'
import { BuildProvenanceSchema } from '../gen/grafeas/v1/provenance_pb.ts'
import { VulnerabilityNoteSchema, VulnerabilityOccurrenceSchema } from '../gen/grafeas/v1/vulnerability_pb.ts'
import { downgradeNote, upgradeNote } from './note.ts'
import { downgradeOccurrence, upgradeOccurrence, upgradeOccurrenceMask } from './occurrence.ts'

const upNote = (json: JsonObject) => toJson(NoteSchema, upgradeNote(fromJson(NoteV1Beta1Schema, json)))
const downNote = (json: JsonObject) => toJson(NoteV1Beta1Schema, downgradeNote(fromJson(NoteSchema, json)))
const up = (json: JsonObject) => toJson(OccurrenceSchema, upgradeOccurrence(fromJson(OccurrenceV1Beta1Schema, json)))
const down = (json: JsonObject) => toJson(OccurrenceV1Beta1Schema, downgradeOccurrence(fromJson(OccurrenceSchema, json)))

const NORMAL = { epoch: 1, name: '1.2.13', revision: '1', kind: 'NORMAL' }
const FIXED = { name: '1.2.14', kind: 'NORMAL' }
const TIME = '2026-01-02T03:04:05Z'

describe('§4.5: the kinds that a signer needs, in both versions', () => {
  const notes: readonly (readonly [string, JsonObject, JsonObject])[] = [
    [
      'VULNERABILITY',
      {
        vulnerability: {
          cvssScore: 7.5,
          severity: 'HIGH',
          cvssV3: { baseScore: 7.5, attackVector: 'ATTACK_VECTOR_NETWORK', scope: 'SCOPE_CHANGED' },
          windowsDetails: [{ name: 'w', fixingKbs: [{ name: 'kb' }] }],
          sourceUpdateTime: TIME,
          details: [
            {
              cpeUri: 'c',
              package: 'zlib',
              minAffectedVersion: { kind: 'MINIMUM' },
              maxAffectedVersion: NORMAL,
              severityName: 'Important',
              description: 'd',
              fixedLocation: { cpeUri: 'c', package: 'zlib', version: FIXED },
              packageType: 'OS',
              isObsolete: true,
              sourceUpdateTime: TIME,
            },
            { cpeUri: 'c', package: 'unfixed' },
          ],
        },
      },
      {
        vulnerability: {
          cvssScore: 7.5,
          severity: 'HIGH',
          cvssV3: { baseScore: 7.5, attackVector: 'ATTACK_VECTOR_NETWORK', scope: 'SCOPE_CHANGED' },
          windowsDetails: [{ name: 'w', fixingKbs: [{ name: 'kb' }] }],
          sourceUpdateTime: TIME,
          details: [
            {
              affectedCpeUri: 'c',
              affectedPackage: 'zlib',
              affectedVersionStart: { kind: 'MINIMUM' },
              affectedVersionEnd: NORMAL,
              severityName: 'Important',
              description: 'd',
              fixedCpeUri: 'c',
              fixedPackage: 'zlib',
              fixedVersion: FIXED,
              packageType: 'OS',
              isObsolete: true,
              sourceUpdateTime: TIME,
            },
            { affectedCpeUri: 'c', affectedPackage: 'unfixed' },
          ],
        },
      },
    ],
    ['DISCOVERY', { discovery: { analysisKind: 'VULNERABILITY' } }, { discovery: { analysisKind: 'VULNERABILITY' } }],
    [
      'PACKAGE',
      { package: { name: 'p', distribution: [{ cpeUri: 'c', architecture: 'X64', latestVersion: NORMAL }] } },
      { package: { name: 'p', distribution: [{ cpeUri: 'c', architecture: 'X64', latestVersion: NORMAL }] } },
    ],
    ['BUILD', { build: { builderVersion: '1' } }, { build: { builderVersion: '1' } }],
  ]
  for (const [kind, beta, v1] of notes)
    test(`a note of kind ${kind} is the same in both`, () => {
      assert.deepEqual(upNote({ kind, ...beta }), { kind, ...v1 })
      assert.deepEqual(downNote({ kind, ...v1 }), { kind, ...beta })
    })

  const context = { git: { url: 'u', revisionId: 'r' }, labels: { a: 'b' } }
  const provenance = (type: string): JsonObject => ({
    id: 'b',
    commands: [{ name: 'c', args: ['x'] }],
    builtArtifacts: [{ checksum: 's', names: ['n'] }],
    createTime: TIME,
    buildOptions: { o: '1' },
    sourceProvenance: { artifactStorageSourceUri: 'gs', fileHashes: { f: { fileHash: [{ type, value: 'AQI=' }] } }, context },
  })
  const occurrences: readonly (readonly [string, JsonObject, JsonObject])[] = [
    [
      'VULNERABILITY',
      {
        vulnerability: {
          type: 'os',
          severity: 'LOW',
          cvssScore: 2.5,
          shortDescription: 'CVE-1',
          longDescription: 'l',
          relatedUrls: [{ url: 'u', label: 'l' }],
          effectiveSeverity: 'CRITICAL',
          packageIssue: [
            {
              affectedLocation: { cpeUri: 'c', package: 'zlib', version: NORMAL },
              fixedLocation: { cpeUri: 'c', package: 'zlib', version: FIXED },
              severityName: 'HIGH',
            },
            {
              affectedLocation: { cpeUri: 'c', package: 'zlib', version: NORMAL },
              fixedLocation: { cpeUri: 'c', package: 'zlib', version: { kind: 'MAXIMUM' } },
            },
          ],
        },
      },
      {
        vulnerability: {
          type: 'os',
          severity: 'LOW',
          cvssScore: 2.5,
          shortDescription: 'CVE-1',
          longDescription: 'l',
          relatedUrls: [{ url: 'u', label: 'l' }],
          effectiveSeverity: 'CRITICAL',
          fixAvailable: true,
          packageIssue: [
            {
              affectedCpeUri: 'c',
              affectedPackage: 'zlib',
              affectedVersion: NORMAL,
              fixedCpeUri: 'c',
              fixedPackage: 'zlib',
              fixedVersion: FIXED,
              fixAvailable: true,
              effectiveSeverity: 'HIGH',
            },
            {
              affectedCpeUri: 'c',
              affectedPackage: 'zlib',
              affectedVersion: NORMAL,
              fixedCpeUri: 'c',
              fixedPackage: 'zlib',
              fixedVersion: { kind: 'MAXIMUM' },
            },
          ],
        },
      },
    ],
    [
      'DISCOVERY',
      {
        discovered: {
          discovered: {
            continuousAnalysis: 'ACTIVE',
            lastAnalysisTime: TIME,
            analysisStatus: 'FINISHED_FAILED',
            analysisStatusError: { code: 3, message: 'm' },
          },
        },
      },
      {
        discovery: {
          continuousAnalysis: 'ACTIVE',
          lastScanTime: TIME,
          analysisStatus: 'FINISHED_FAILED',
          analysisStatusError: { code: 3, message: 'm' },
        },
      },
    ],
    [
      'PACKAGE',
      { installation: { installation: { name: 'p', location: [{ cpeUri: 'c', version: NORMAL, path: '/p' }] } } },
      { package: { name: 'p', location: [{ cpeUri: 'c', version: NORMAL, path: '/p' }] } },
    ],
    [
      'BUILD',
      { build: { provenance: provenance('SHA256'), provenanceBytes: 'text' } },
      { build: { provenance: provenance('SHA256'), provenanceBytes: 'text' } },
    ],
  ]
  for (const [kind, beta, v1] of occurrences)
    test(`an occurrence of kind ${kind} is the same in both`, () => {
      assert.deepEqual(up({ kind, resource: { uri: 'r' }, ...beta }), { kind, resourceUri: 'r', ...v1 })
      assert.deepEqual(down({ kind, resourceUri: 'r', ...v1 }), { kind, resource: { uri: 'r' }, ...beta })
    })

  test('no fixed location in v1beta1 is MAXIMUM in v1', () => {
    const upgraded = up({ vulnerability: { packageIssue: [{ affectedLocation: { cpeUri: 'c', package: 'p', version: NORMAL } }] } })
    assert.deepEqual(upgraded, {
      vulnerability: { packageIssue: [{ affectedCpeUri: 'c', affectedPackage: 'p', affectedVersion: NORMAL, fixedVersion: { kind: 'MAXIMUM' } }] },
    })
  })

  test('§4.3: what v1beta1 does not know is an envelope there', () => {
    assert.deepEqual(down({ kind: 'SBOM_REFERENCE', resourceUri: 'r', sbomReference: { payloadType: 't' } }), { resource: { uri: 'r' } })
    assert.deepEqual(downNote({ kind: 'SBOM_REFERENCE', name: 'n', sbomReference: { format: 'spdx' } }), { name: 'n' })
    assert.deepEqual(downNote({ kind: 'VULNERABILITY_ASSESSMENT', name: 'n', vulnerabilityAssessment: { title: 't' } }), { name: 'n' })
  })

  test('members of v1 alone are left out, and nothing beside them', () => {
    const v1 = { effectiveSeverity: 'LOW', vexAssessment: { state: 'FIXED' }, cvssv3: { baseScore: 1 }, risk: {}, extraDetails: 'x' }
    assert.deepEqual(down({ vulnerability: v1 }), { vulnerability: { effectiveSeverity: 'LOW' } })
    assert.deepEqual(down({ discovery: { analysisStatus: 'PENDING', cpe: 'c', sbomStatus: {} } }), {
      discovered: { discovered: { analysisStatus: 'PENDING' } },
    })
    assert.deepEqual(down({ build: { intotoStatement: { _type: 't' } }, envelope: { payload: 'e30=' } }), { build: {} })
    assert.deepEqual(down({ package: { packageType: 'OS', version: { ...NORMAL, fullName: '1:1.2.13-1' } } }), { installation: { installation: {} } })
  })

  test('mask paths follow the members', () => {
    const paths = [
      'discovered.discovered.analysis_status',
      'discovered',
      'discovered.discovered.last_analysis_time',
      'installation.installation.location',
    ]
    assert.deepEqual(upgradeOccurrenceMask(paths), ['discovery.analysis_status', 'discovery', 'discovery.last_scan_time', 'package.location'])
    assert.deepEqual(upgradeOccurrenceMask(['vulnerability.severity', 'build']), ['vulnerability.severity', 'build'])
  })
})

describe('messages that are recast number their members alike', () => {
  const differing = new Set(['details', 'package_issue', 'file_hashes'])
  const pairs: readonly (readonly [DescMessage, DescMessage])[] = [
    [VulnerabilitySchema, VulnerabilityNoteSchema],
    [DetailsSchema, VulnerabilityOccurrenceSchema],
    [PackageSchema, PackageNoteSchema],
    [InstallationSchema, PackageOccurrenceSchema],
    [ProvenanceV1Beta1Schema, BuildProvenanceSchema],
  ]
  for (const [beta, v1] of pairs) test(`${beta.typeName} and ${v1.typeName}`, () => assert.deepEqual(findClashes(beta, v1), []))

  /** Every member of v1beta1 that v1 has not under the same number, name and type, all the way down. */
  function findClashes(beta: DescMessage, v1: DescMessage): readonly string[] {
    return beta.fields
      .filter(({ name }) => !differing.has(name))
      .flatMap((field) => {
        const twin = v1.fields.find(({ number }) => number === field.number)
        if (twin === undefined || twin.name !== field.name || shapeOf(twin) !== shapeOf(field)) return [`${beta.typeName}.${field.name}`]
        return field.message && twin.message && field.message !== twin.message ? findClashes(field.message, twin.message) : []
      })
  }

  function shapeOf(field: DescField): string {
    const values = field.enum?.values.map(({ name, number }) => `${name}=${number}`) ?? []
    return [field.fieldKind, field.scalar, ...values].join(' ')
  }
})
