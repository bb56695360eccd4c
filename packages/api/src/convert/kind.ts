import { NoteKind as KindV1Beta1 } from '../gen/google/devtools/containeranalysis/v1beta1/common/common_pb.ts'
import { NoteKind as KindV1 } from '../gen/grafeas/v1/common_pb.ts'

const KIND_PAIRS: readonly (readonly [KindV1, KindV1Beta1])[] = [
  [KindV1.VULNERABILITY, KindV1Beta1.VULNERABILITY],
  [KindV1.BUILD, KindV1Beta1.BUILD],
  [KindV1.IMAGE, KindV1Beta1.IMAGE],
  [KindV1.PACKAGE, KindV1Beta1.PACKAGE],
  [KindV1.DEPLOYMENT, KindV1Beta1.DEPLOYMENT],
  [KindV1.DISCOVERY, KindV1Beta1.DISCOVERY],
  [KindV1.ATTESTATION, KindV1Beta1.ATTESTATION],
]

/** Kinds are converted by name: from 8 on the numbers differ between the versions (kritis-and-grafeas.md §4.3). */
export function upgradeKind(kind: KindV1Beta1): KindV1 {
  return KIND_PAIRS.find(([, beta]) => beta === kind)?.[0] ?? KindV1.NOTE_KIND_UNSPECIFIED
}

/** The v1beta1 kind of the same name, else unspecified. */
export function downgradeKind(kind: KindV1): KindV1Beta1 {
  return KIND_PAIRS.find(([v1]) => v1 === kind)?.[1] ?? KindV1Beta1.NOTE_KIND_UNSPECIFIED
}
