import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fromJson, type JsonObject, toJson } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { OccurrenceSchema } from '../gen/google/devtools/containeranalysis/v1beta1/grafeas/grafeas_pb.ts'
import { downgradeOccurrence, upgradeOccurrence } from './occurrence.ts'

describe('what v1beta1 can say, v1 keeps', () => {
  const text = fc.string({ maxLength: 8 }).filter((given) => given !== '')
  const version = fc.record({ epoch: fc.integer({ min: 1, max: 9 }), name: text, kind: fc.constantFrom('NORMAL', 'MINIMUM', 'MAXIMUM') })
  const location = fc.record({ cpeUri: text, package: text, version })
  const severity = fc.constantFrom('MINIMAL', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL')
  const issue = fc.record({ affectedLocation: location, fixedLocation: location, severityName: severity })
  const vulnerability = fc.record({
    type: text,
    severity,
    shortDescription: text,
    effectiveSeverity: severity,
    packageIssue: fc.array(issue, { minLength: 1 }),
  })
  const installation = fc.record({
    name: text,
    location: fc.array(
      location.map(({ cpeUri, version: at }) => ({ cpeUri, version: at })),
      { minLength: 1 },
    ),
  })
  const commands = fc.array(fc.record({ name: text, env: fc.array(text, { minLength: 1 }) }), { minLength: 1 })
  const build = fc.record({ provenance: fc.record({ id: text, projectId: text, commands, creator: text }), provenanceBytes: text })

  for (const [member, details] of [
    ['vulnerability', vulnerability],
    ['installation', installation.map((installed) => ({ installation: installed }))],
    ['build', build],
  ] as const) {
    test(`of "${member}" all comes back`, () => {
      fc.assert(
        fc.property(details as fc.Arbitrary<JsonObject>, (value) => {
          const occurrence = structuredClone({ resource: { uri: 'r' }, [member]: value })
          const upgraded = upgradeOccurrence(fromJson(OccurrenceSchema, occurrence))
          assert.deepEqual(toJson(OccurrenceSchema, downgradeOccurrence(upgraded)), occurrence)
        }),
      )
    })
  }
})
