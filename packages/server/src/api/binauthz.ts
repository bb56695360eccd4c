import { type DescMessage, type MessageInitShape, type MessageShape, toJson } from '@bufbuild/protobuf'
import { attestorMessage, attestorTree, downgradeAttestor, upgradeAttestor } from '@countersign/api/convert/attestor.ts'
import { downgradePolicy, policyMessage, policyTree, upgradePolicy } from '@countersign/api/convert/policy.ts'
import {
  BinauthzManagementServiceV1Alpha2,
  SystemPolicyV1Alpha2,
  ValidationHelperV1Alpha2,
} from '@countersign/api/gen/countersign/binaryauthorization/v1alpha2/service_pb.ts'
import { ValidationHelperV1Beta1 } from '@countersign/api/gen/countersign/binaryauthorization/v1beta1/validation_pb.ts'
import type { AttestorSchema, PolicySchema } from '@countersign/api/gen/google/cloud/binaryauthorization/v1/resources_pb.ts'
import {
  BinauthzManagementServiceV1,
  SystemPolicyV1,
  type ValidateAttestationOccurrenceRequest,
  ValidateAttestationOccurrenceResponse_Result as Result,
  type ValidateAttestationOccurrenceResponseSchema,
  ValidationHelperV1,
} from '@countersign/api/gen/google/cloud/binaryauthorization/v1/service_pb.ts'
import type {
  AttestorSchema as AttestorV1Beta1Schema,
  PolicySchema as PolicyV1Beta1Schema,
} from '@countersign/api/gen/google/cloud/binaryauthorization/v1beta1/resources_pb.ts'
import { BinauthzManagementServiceV1Beta1, SystemPolicyV1Beta1 } from '@countersign/api/gen/google/cloud/binaryauthorization/v1beta1/service_pb.ts'
import { AttestationOccurrenceSchema } from '@countersign/api/gen/grafeas/v1/attestation_pb.ts'
import { serve, type ServedService } from '@countersign/api/rest/service-implementation.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Caller } from '@countersign/service/access/caller.ts'
import type { AttestorResult, Attestors } from '@countersign/service/policy/attestors.ts'
import type { Policies, PolicyView } from '@countersign/service/policy/policies.ts'
import type { StoredAttestor } from '@countersign/service/policy/ports.ts'
import type { ValidationRequest, ValidationResult } from '@countersign/service/validation/validate-attestation.ts'
import type { CallContext } from './call-context.ts'

/** The flows behind Binary Authorization's API. */
export interface BinauthzParts {
  readonly policies: Policies
  readonly attestors: Attestors
  readonly validate: (caller: Caller, request: ValidationRequest) => Promise<ValidationResult>
}

/** Binary Authorization in all three versions over one set of flows: they differ in the shape of two messages. */
export function serveBinauthz(parts: BinauthzParts): readonly ServedService<CallContext>[] {
  const v1 = managementMethods(parts, V1)
  const v1beta1 = managementMethods(parts, V1BETA1)
  const validation = validationMethods(parts)
  return [
    serve(BinauthzManagementServiceV1, v1.management),
    serve(SystemPolicyV1, v1.systemPolicy),
    serve(ValidationHelperV1, validation),
    serve(BinauthzManagementServiceV1Beta1, v1beta1.management),
    serve(SystemPolicyV1Beta1, v1beta1.systemPolicy),
    serve(ValidationHelperV1Beta1, validation),
    serve(BinauthzManagementServiceV1Alpha2, v1beta1.management),
    serve(SystemPolicyV1Alpha2, v1beta1.systemPolicy),
    serve(ValidationHelperV1Alpha2, validation),
  ]
}

/** How a version writes what v1 says. v1alpha2 speaks the messages of v1beta1. */
interface Dialect<P extends DescMessage, A extends DescMessage> {
  readonly readPolicy: (policy: MessageShape<P>) => MessageShape<typeof PolicySchema>
  readonly writePolicy: (policy: MessageShape<typeof PolicySchema>) => MessageShape<P>
  readonly readAttestor: (attestor: MessageShape<A>) => MessageShape<typeof AttestorSchema>
  readonly writeAttestor: (attestor: MessageShape<typeof AttestorSchema>) => MessageShape<A>
}

const V1: Dialect<typeof PolicySchema, typeof AttestorSchema> = {
  readPolicy: (policy) => policy,
  writePolicy: (policy) => policy,
  readAttestor: (attestor) => attestor,
  writeAttestor: (attestor) => attestor,
}

const V1BETA1: Dialect<typeof PolicyV1Beta1Schema, typeof AttestorV1Beta1Schema> = {
  readPolicy: upgradePolicy,
  writePolicy: downgradePolicy,
  readAttestor: upgradeAttestor,
  writeAttestor: downgradeAttestor,
}

interface Named {
  readonly name: string
}

interface Paged {
  readonly parent: string
  readonly pageSize: number
  readonly pageToken: string
}

function managementMethods<P extends DescMessage, A extends DescMessage>({ policies, attestors }: BinauthzParts, dialect: Dialect<P, A>) {
  const policyOf = ({ policy, ...written }: PolicyView): MessageShape<P> => dialect.writePolicy(policyMessage(policy, written))
  const attestorOf = (stored: StoredAttestor, projectNumber: string): MessageShape<A> => {
    const { attestor, etag, updateTime } = stored
    return dialect.writeAttestor(attestorMessage(attestor, { etag, updateTime, projectNumber }))
  }
  const told = ({ stored, projectNumber, warnings }: AttestorResult, context: CallContext): MessageShape<A> => {
    context.warnings.push(...warnings)
    return attestorOf(stored, projectNumber)
  }
  const management = {
    getPolicy: async ({ name }: Named, { caller }: CallContext) => policyOf(await policies.getPolicy(caller, name)),
    updatePolicy: async (request: { readonly policy?: MessageShape<P> | undefined }, { caller, warnings }: CallContext) => {
      const policy = dialect.readPolicy(required(request.policy, 'a policy must be specified'))
      const updated = await policies.updatePolicy(caller, policy.name, policyTree(policy))
      warnings.push(...updated.warnings)
      return policyOf(updated.view)
    },
    createAttestor: async (
      request: { readonly parent: string; readonly attestorId: string; readonly attestor?: MessageShape<A> | undefined },
      context: CallContext,
    ) => {
      const attestor = attestorTree(dialect.readAttestor(required(request.attestor, 'an attestor must be specified')))
      return told(await attestors.createAttestor(context.caller, { parent: request.parent, attestorId: request.attestorId, attestor }), context)
    },
    getAttestor: async ({ name }: Named, context: CallContext) => told(await attestors.getAttestor(context.caller, name), context),
    updateAttestor: async (request: { readonly attestor?: MessageShape<A> | undefined }, context: CallContext) => {
      const attestor = dialect.readAttestor(required(request.attestor, 'an attestor must be specified'))
      return told(await attestors.updateAttestor(context.caller, attestor.name, attestorTree(attestor)), context)
    },
    listAttestors: async ({ parent, ...asked }: Paged, { caller }: CallContext) => {
      const { attestors: found, projectNumber, nextPageToken } = await attestors.listAttestors(caller, parent, asked)
      return { attestors: found.map((stored) => attestorOf(stored, projectNumber)), nextPageToken }
    },
    deleteAttestor: async ({ name }: Named, { caller, warnings }: CallContext) => {
      warnings.push(...(await attestors.deleteAttestor(caller, name)).warnings)
      return {}
    },
  }
  const systemPolicy = { getSystemPolicy: async ({ name }: Named, { caller }: CallContext) => policyOf(await policies.getSystemPolicy(caller, name)) }
  return { management, systemPolicy }
}

function validationMethods({ validate }: BinauthzParts) {
  return {
    validateAttestationOccurrence: async (request: ValidateAttestationOccurrenceRequest, { caller }: CallContext) => {
      const { attestor, attestation, occurrenceNote, occurrenceResourceUri } = request
      const tree = attestation === undefined ? undefined : toJson(AttestationOccurrenceSchema, attestation)
      return formatResult(await validate(caller, { attestor, attestation: tree, occurrenceNote, occurrenceResourceUri }))
    },
  }
}

function formatResult(result: ValidationResult): MessageInitShape<typeof ValidateAttestationOccurrenceResponseSchema> {
  if (result.result === 'VERIFIED') return { result: Result.VERIFIED }
  return { result: Result.ATTESTATION_NOT_VERIFIABLE, denialReason: result.denialReason }
}

function required<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new StatusError('INVALID_ARGUMENT', message)
  return value
}
