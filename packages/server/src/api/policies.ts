import { type DescMessage, fromJson, type JsonValue, type MessageShape, toJson } from '@bufbuild/protobuf'
import { PolicySchema } from '@countersign/api/gen/google/cloud/binaryauthorization/v1/resources_pb.ts'
import { PolicySchema as PolicySchemaV1Beta1 } from '@countersign/api/gen/google/cloud/binaryauthorization/v1beta1/resources_pb.ts'
import { formatPolicy } from '@countersign/core/policy/format.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Policies, PolicyView } from '@countersign/service/policy/policies.ts'
import type { CallContext } from './call-context.ts'

/** The policy methods of one API version: v1 and v1beta1 differ in nothing but the message's package. */
export interface PolicyMethods<P extends DescMessage> {
  getPolicy(request: { readonly name: string }, context: CallContext): Promise<MessageShape<P>>
  updatePolicy(request: { readonly policy?: MessageShape<P> | undefined }, context: CallContext): Promise<MessageShape<P>>
  getSystemPolicy(request: { readonly name: string }, context: CallContext): Promise<MessageShape<P>>
}

export function policyMethodsV1(policies: Policies): PolicyMethods<typeof PolicySchema> {
  return policyMethods(policies, PolicySchema)
}

/** v1alpha2 speaks these messages too. */
export function policyMethodsV1Beta1(policies: Policies): PolicyMethods<typeof PolicySchemaV1Beta1> {
  return policyMethods(policies, PolicySchemaV1Beta1)
}

function policyMethods<P extends typeof PolicySchema | typeof PolicySchemaV1Beta1>(policies: Policies, schema: P): PolicyMethods<P> {
  const format = ({ policy, ...written }: PolicyView): MessageShape<P> => fromJson(schema, formatPolicy(policy, written) as unknown as JsonValue) as MessageShape<P>
  return {
    getPolicy: async ({ name }, { caller }) => format(await policies.getPolicy(caller, name)),
    updatePolicy: async ({ policy }, { caller, warnings }) => {
      if (policy === undefined) throw new StatusError('INVALID_ARGUMENT', 'a policy must be specified')
      const tree = toJson(schema as DescMessage, policy as MessageShape<DescMessage>)
      const updated = await policies.updatePolicy(caller, policy.name, tree)
      warnings.push(...updated.warnings)
      return format(updated.view)
    },
    getSystemPolicy: async ({ name }, { caller }) => format(await policies.getSystemPolicy(caller, name)),
  }
}
