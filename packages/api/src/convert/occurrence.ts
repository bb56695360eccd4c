import type { MessageInitShape } from '@bufbuild/protobuf'
import { create } from '@bufbuild/protobuf'
import type { Occurrence as OccurrenceV1Beta1 } from '../gen/google/devtools/containeranalysis/v1beta1/grafeas/grafeas_pb.ts'
import { OccurrenceSchema as OccurrenceV1Beta1Schema } from '../gen/google/devtools/containeranalysis/v1beta1/grafeas/grafeas_pb.ts'
import type { Details as PackageDetails } from '../gen/google/devtools/containeranalysis/v1beta1/package/package_pb.ts'
import { InstallationSchema } from '../gen/google/devtools/containeranalysis/v1beta1/package/package_pb.ts'
import type { Occurrence as OccurrenceV1 } from '../gen/grafeas/v1/grafeas_pb.ts'
import { OccurrenceSchema as OccurrenceV1Schema } from '../gen/grafeas/v1/grafeas_pb.ts'
import type { PackageOccurrence } from '../gen/grafeas/v1/package_pb.ts'
import { PackageOccurrenceSchema } from '../gen/grafeas/v1/package_pb.ts'
import { downgradeAttestation, upgradeAttestation } from './attestation.ts'
import { downgradeBuild, upgradeBuild } from './build.ts'
import { downgradeDiscovery, upgradeDiscovery } from './discovery.ts'
import { downgradeKind, upgradeKind } from './kind.ts'
import { notConverted } from './note.ts'
import { recast } from './recast.ts'
import { downgradeVulnerability, upgradeVulnerability } from './vulnerability-occurrence.ts'

/**
 * v1beta1 → v1; the stored form is v1. Lost: `resource.name` and `resource.contentHash`, both deprecated; see also each kind.
 * Throws UNIMPLEMENTED for details of a kind that is not kept.
 */
export function upgradeOccurrence(occurrence: OccurrenceV1Beta1): OccurrenceV1 {
  const details = upgradeDetails(occurrence.details)
  return create(OccurrenceV1Schema, {
    ...envelopeOf(occurrence),
    kind: upgradeKind(occurrence.kind),
    resourceUri: occurrence.resource?.uri ?? '',
    ...(details === undefined ? {} : { details }),
  })
}

/**
 * v1 → v1beta1. Lost: the DSSE `envelope`, which v1beta1 as Google publishes it has no member for. Of a kind that it does not know
 * nothing but name, note, resource and times remains (kritis-and-grafeas.md §4.5); see each kind for what else is lost.
 */
export function downgradeOccurrence(occurrence: OccurrenceV1): OccurrenceV1Beta1 {
  const { resourceUri } = occurrence
  const details = downgradeDetails(occurrence.details)
  return create(OccurrenceV1Beta1Schema, {
    ...envelopeOf(occurrence),
    kind: downgradeKind(occurrence.kind),
    ...(resourceUri === '' ? {} : { resource: { uri: resourceUri } }),
    ...(details === undefined ? {} : { details }),
  })
}

/** Mask paths of a v1beta1 occurrence, as v1 has them. What both versions hold in different shapes is written whole. */
export function upgradeOccurrenceMask(paths: readonly string[]): readonly string[] {
  return paths.map((path) => MASK_RULES.reduce((upgraded, [pattern, replacement]) => upgraded.replace(pattern, replacement), path))
}

const MASK_RULES: readonly (readonly [RegExp, string])[] = [
  [/^resource(\.uri)?$/, 'resource_uri'],
  [/^attestation\..*$/, 'attestation'],
  [/^discovered(\.discovered)?(?=\.|$)/, 'discovery'],
  [/^discovery\.(last_analysis_time|lastAnalysisTime)$/, 'discovery.last_scan_time'],
  [/^installation(\.installation)?(?=\.|$)/, 'package'],
]

function upgradeDetails(details: OccurrenceV1Beta1['details']): MessageInitShape<typeof OccurrenceV1Schema>['details'] {
  switch (details.case) {
    case undefined:
      return undefined
    case 'attestation':
      return { case: 'attestation', value: upgradeAttestation(details.value) }
    case 'vulnerability':
      return { case: 'vulnerability', value: upgradeVulnerability(details.value) }
    case 'discovered':
      return { case: 'discovery', value: upgradeDiscovery(details.value) }
    case 'installation':
      return { case: 'package', value: upgradePackage(details.value) }
    case 'build':
      return { case: 'build', value: upgradeBuild(details.value) }
    case 'derivedImage':
    case 'deployment':
      throw notConverted('occurrence', details.case)
  }
}

/** A package loses the newer layout, which says at the top what locations say. */
function downgradeDetails(details: OccurrenceV1['details']): MessageInitShape<typeof OccurrenceV1Beta1Schema>['details'] {
  switch (details.case) {
    case 'attestation':
      return { case: 'attestation', value: downgradeAttestation(details.value) }
    case 'vulnerability':
      return { case: 'vulnerability', value: downgradeVulnerability(details.value) }
    case 'discovery':
      return { case: 'discovered', value: downgradeDiscovery(details.value) }
    case 'package':
      return { case: 'installation', value: { installation: recast(PackageOccurrenceSchema, details.value, InstallationSchema) } }
    case 'build':
      return { case: 'build', value: downgradeBuild(details.value) }
    default:
      return undefined
  }
}

function upgradePackage({ installation }: PackageDetails): PackageOccurrence {
  return installation === undefined ? create(PackageOccurrenceSchema) : recast(InstallationSchema, installation, PackageOccurrenceSchema)
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
