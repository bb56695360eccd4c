import { create } from '@bufbuild/protobuf'
import type { Build, Details } from '../gen/google/devtools/containeranalysis/v1beta1/build/build_pb.ts'
import { BuildSchema, DetailsSchema } from '../gen/google/devtools/containeranalysis/v1beta1/build/build_pb.ts'
import type { BuildProvenance as ProvenanceV1Beta1 } from '../gen/google/devtools/containeranalysis/v1beta1/provenance/provenance_pb.ts'
import {
  BuildProvenanceSchema as ProvenanceV1Beta1Schema,
  FileHashesSchema as FileHashesV1Beta1Schema,
  Hash_HashType as HashType,
} from '../gen/google/devtools/containeranalysis/v1beta1/provenance/provenance_pb.ts'
import type { BuildNote, BuildOccurrence } from '../gen/grafeas/v1/build_pb.ts'
import { BuildNoteSchema, BuildOccurrenceSchema } from '../gen/grafeas/v1/build_pb.ts'
import type { BuildProvenance as ProvenanceV1 } from '../gen/grafeas/v1/provenance_pb.ts'
import { BuildProvenanceSchema as ProvenanceV1Schema, FileHashesSchema as FileHashesV1Schema } from '../gen/grafeas/v1/provenance_pb.ts'
import { recast } from './recast.ts'

const SHA256 = /^sha-?256$/i

/** v1beta1 → v1. Lost: the note's `signature`, which v1 has no member for. */
export function upgradeBuildNote({ builderVersion }: Build): BuildNote {
  return create(BuildNoteSchema, { builderVersion })
}

/** v1 → v1beta1. Nothing is lost. */
export function downgradeBuildNote({ builderVersion }: BuildNote): Build {
  return create(BuildSchema, { builderVersion })
}

/** v1beta1 → v1. Nothing is lost; a hash of type SHA256 is one of "SHA256". */
export function upgradeBuild({ provenance, provenanceBytes }: Details): BuildOccurrence {
  return create(BuildOccurrenceSchema, { provenanceBytes, ...(provenance === undefined ? {} : { provenance: upgradeProvenance(provenance) }) })
}

/** v1 → v1beta1. Lost: the in-toto and SLSA forms, and the type of a hash that is not SHA-256: Google's v1beta1 knows neither. */
export function downgradeBuild({ provenance, provenanceBytes }: BuildOccurrence): Details {
  return create(DetailsSchema, { provenanceBytes, ...(provenance === undefined ? {} : { provenance: downgradeProvenance(provenance) }) })
}

/** All but the hashes is numbered alike. */
function upgradeProvenance(provenance: ProvenanceV1Beta1): ProvenanceV1 {
  const { sourceProvenance: source } = provenance
  if (source === undefined) return recast(ProvenanceV1Beta1Schema, provenance, ProvenanceV1Schema)
  const upgraded = recast(ProvenanceV1Beta1Schema, { ...provenance, sourceProvenance: { ...source, fileHashes: {} } }, ProvenanceV1Schema)
  const fileHashes = Object.entries(source.fileHashes).map(([path, { fileHash }]) => {
    const hashes = fileHash.map(({ type, value }) => ({ type: type === HashType.SHA256 ? 'SHA256' : '', value }))
    return [path, create(FileHashesV1Schema, { fileHash: hashes })] as const
  })
  const { sourceProvenance } = upgraded
  return sourceProvenance === undefined
    ? upgraded
    : { ...upgraded, sourceProvenance: { ...sourceProvenance, fileHashes: Object.fromEntries(fileHashes) } }
}

function downgradeProvenance(provenance: ProvenanceV1): ProvenanceV1Beta1 {
  const { sourceProvenance: source } = provenance
  if (source === undefined) return recast(ProvenanceV1Schema, provenance, ProvenanceV1Beta1Schema)
  const downgraded = recast(ProvenanceV1Schema, { ...provenance, sourceProvenance: { ...source, fileHashes: {} } }, ProvenanceV1Beta1Schema)
  const fileHashes = Object.entries(source.fileHashes).map(([path, { fileHash }]) => {
    const hashes = fileHash.map(({ type, value }) => ({ type: SHA256.test(type) ? HashType.SHA256 : HashType.HASH_TYPE_UNSPECIFIED, value }))
    return [path, create(FileHashesV1Beta1Schema, { fileHash: hashes })] as const
  })
  const { sourceProvenance } = downgraded
  return sourceProvenance === undefined
    ? downgraded
    : { ...downgraded, sourceProvenance: { ...sourceProvenance, fileHashes: Object.fromEntries(fileHashes) } }
}
