import { create } from '@bufbuild/protobuf'
import type { Occurrence as OccurrenceV1Beta1 } from '../gen/google/devtools/containeranalysis/v1beta1/grafeas/grafeas_pb.ts'
import { OccurrenceSchema as OccurrenceV1Beta1Schema } from '../gen/google/devtools/containeranalysis/v1beta1/grafeas/grafeas_pb.ts'
import type { Occurrence as OccurrenceV1 } from '../gen/grafeas/v1/grafeas_pb.ts'
import { OccurrenceSchema as OccurrenceV1Schema } from '../gen/grafeas/v1/grafeas_pb.ts'
import { downgradeAttestation, upgradeAttestation } from './attestation.ts'
import { downgradeKind, notConverted, upgradeKind } from './note.ts'

/**
 * v1beta1 → v1; the stored form is v1. Lost: `resource.name` and `resource.contentHash`, both deprecated; see also
 * `upgradeAttestation`. Throws UNIMPLEMENTED for details other than an attestation.
 */
export function upgradeOccurrence(occurrence: OccurrenceV1Beta1): OccurrenceV1 {
  const { details } = occurrence
  if (details.case !== undefined && details.case !== 'attestation') throw notConverted('occurrence', details.case)
  return create(OccurrenceV1Schema, {
    ...envelopeOf(occurrence),
    kind: upgradeKind(occurrence.kind),
    resourceUri: occurrence.resource?.uri ?? '',
    ...(details.case === undefined ? {} : { details: { case: 'attestation', value: upgradeAttestation(details.value) } }),
  })
}

/**
 * v1 → v1beta1. Lost: the DSSE `envelope`, which v1beta1 as Google publishes it has no member for, and details other than an
 * attestation, which are left out (kritis-and-grafeas.md §4.5).
 */
export function downgradeOccurrence(occurrence: OccurrenceV1): OccurrenceV1Beta1 {
  const { details, resourceUri } = occurrence
  return create(OccurrenceV1Beta1Schema, {
    ...envelopeOf(occurrence),
    kind: downgradeKind(occurrence.kind),
    ...(resourceUri === '' ? {} : { resource: { uri: resourceUri } }),
    ...(details.case === 'attestation' ? { details: { case: 'attestation', value: downgradeAttestation(details.value) } } : {}),
  })
}

/** Mask paths of a v1beta1 occurrence, as v1 has them. */
export function upgradeOccurrenceMask(paths: readonly string[]): readonly string[] {
  return paths.map((path) => path.replace(/^resource(\.uri)?$/, 'resource_uri').replace(/^attestation\..*$/, 'attestation'))
}

type Shared = 'name' | 'noteName' | 'remediation' | 'createTime' | 'updateTime'

function envelopeOf({ name, noteName, remediation, createTime, updateTime }: Pick<OccurrenceV1, Shared>) {
  return {
    name,
    noteName,
    remediation,
    ...(createTime === undefined ? {} : { createTime }),
    ...(updateTime === undefined ? {} : { updateTime }),
  }
}
