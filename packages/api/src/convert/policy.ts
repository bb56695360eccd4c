import type { JsonValue } from '@bufbuild/protobuf'
import { fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf'
import type { PolicyWritten } from '@countersign/core/policy/format.ts'
import { formatPolicy } from '@countersign/core/policy/format.ts'
import type { Policy } from '@countersign/core/policy/policy.ts'
import type { Policy as PolicyV1 } from '../gen/google/cloud/binaryauthorization/v1/resources_pb.ts'
import { PolicySchema as PolicyV1Schema } from '../gen/google/cloud/binaryauthorization/v1/resources_pb.ts'
import type { Policy as PolicyV1Beta1 } from '../gen/google/cloud/binaryauthorization/v1beta1/resources_pb.ts'
import { PolicySchema as PolicyV1Beta1Schema } from '../gen/google/cloud/binaryauthorization/v1beta1/resources_pb.ts'

/** A policy message as proto3 JSON, which `parsePolicy` reads. */
export function policyTree(message: PolicyV1): JsonValue {
  return toJson(PolicyV1Schema, message)
}

/** A parsed policy as a v1 message, with what only the service writes. */
export function policyMessage(policy: Policy, written: PolicyWritten): PolicyV1 {
  return fromJson(PolicyV1Schema, { ...formatPolicy(policy, written) } as unknown as JsonValue)
}

/** v1beta1 → v1: the messages are the same on the wire, field by field; nothing is lost. */
export function upgradePolicy(message: PolicyV1Beta1): PolicyV1 {
  return fromBinary(PolicyV1Schema, toBinary(PolicyV1Beta1Schema, message))
}

/** v1 → v1beta1: likewise. */
export function downgradePolicy(message: PolicyV1): PolicyV1Beta1 {
  return fromBinary(PolicyV1Beta1Schema, toBinary(PolicyV1Schema, message))
}
