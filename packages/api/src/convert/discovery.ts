import { create } from '@bufbuild/protobuf'
import type { Details, Discovery } from '../gen/google/devtools/containeranalysis/v1beta1/discovery/discovery_pb.ts'
import { DetailsSchema, DiscoverySchema } from '../gen/google/devtools/containeranalysis/v1beta1/discovery/discovery_pb.ts'
import type { DiscoveryNote, DiscoveryOccurrence } from '../gen/grafeas/v1/discovery_pb.ts'
import { DiscoveryNoteSchema, DiscoveryOccurrenceSchema } from '../gen/grafeas/v1/discovery_pb.ts'
import { downgradeKind, upgradeKind } from './kind.ts'

/** v1beta1 → v1. */
export function upgradeDiscoveryNote({ analysisKind }: Discovery): DiscoveryNote {
  return create(DiscoveryNoteSchema, { analysisKind: upgradeKind(analysisKind) })
}

/** v1 → v1beta1. Lost: an analysis of a kind that v1beta1 does not know. */
export function downgradeDiscoveryNote({ analysisKind }: DiscoveryNote): Discovery {
  return create(DiscoverySchema, { analysisKind: downgradeKind(analysisKind) })
}

/** v1beta1 → v1 (kritis-and-grafeas.md §4.5): the time of the last analysis is the last scan's. Nothing is lost. */
export function upgradeDiscovery({ discovered }: Details): DiscoveryOccurrence {
  if (discovered === undefined) return create(DiscoveryOccurrenceSchema)
  const { continuousAnalysis, analysisStatus, analysisStatusError, lastAnalysisTime } = discovered
  return create(DiscoveryOccurrenceSchema, {
    continuousAnalysis,
    analysisStatus,
    ...(analysisStatusError === undefined ? {} : { analysisStatusError }),
    ...(lastAnalysisTime === undefined ? {} : { lastScanTime: lastAnalysisTime }),
  })
}

/**
 * v1 → v1beta1. Lost, because Google's v1beta1 has no member for it: the completed analyses and their errors, the CPE, the times of
 * archiving and of the last change, the SBOM's status, the attestation of vulnerabilities and the files.
 */
export function downgradeDiscovery({ continuousAnalysis, analysisStatus, analysisStatusError, lastScanTime }: DiscoveryOccurrence): Details {
  return create(DetailsSchema, {
    discovered: {
      continuousAnalysis,
      analysisStatus,
      ...(analysisStatusError === undefined ? {} : { analysisStatusError }),
      ...(lastScanTime === undefined ? {} : { lastAnalysisTime: lastScanTime }),
    },
  })
}
