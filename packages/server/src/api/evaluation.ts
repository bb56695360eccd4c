import type { JsonObject } from '@bufbuild/protobuf'
import { toJson } from '@bufbuild/protobuf'
import { PolicySchema } from '@countersign/api/gen/google/cloud/binaryauthorization/v1/resources_pb.ts'
import {
  Evaluation,
  type EvaluatePolicyRequest,
  EvaluatePolicyResponse_Outcome as Outcome,
} from '@countersign/api/gen/countersign/v1/evaluation_pb.ts'
import { serve, type ServedService } from '@countersign/api/rest/service-implementation.ts'
import type { AdmissionDecision } from '@countersign/core/admission/decision.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Caller } from '@countersign/service/access/caller.ts'
import type { Evaluation as Judgement, EvaluationRequest } from '@countersign/service/validation/evaluate-policy.ts'
import type { CallContext } from './call-context.ts'

const OUTCOME_OF: Readonly<Record<AdmissionDecision['outcome'], Outcome>> = {
  ALLOWED: Outcome.ALLOWED,
  DENIED: Outcome.DENIED,
  UNDECIDED: Outcome.UNDECIDED,
}

/** `countersign.v1.Evaluation` over the validation flow: the law without a cluster. Nothing is recorded. */
export function serveEvaluation(evaluate: (caller: Caller, request: EvaluationRequest) => Promise<readonly Judgement[]>): ServedService<CallContext> {
  return serve(Evaluation, {
    evaluatePolicy: async (request, { caller }) => formatJudgements(await evaluate(caller, readRequest(request))),
  })
}

function readRequest({ name, subject, cluster, namespace, serviceAccount, policy }: EvaluatePolicyRequest): EvaluationRequest {
  if (subject.case === undefined) throw new StatusError('INVALID_ARGUMENT', 'one of "resource" or "images" is required')
  return {
    name,
    subject: subject.case === 'images' ? { images: subject.value.images } : { resource: subject.value },
    ...(cluster === '' ? {} : { cluster }),
    ...(namespace === '' ? {} : { namespace }),
    ...(serviceAccount === '' ? {} : { serviceAccount }),
    ...(policy === undefined ? {} : { policy: toJson(PolicySchema, policy) }),
  }
}

/** One answer for all workloads of an object: denied if any is, else undecided if any is. */
function formatJudgements(judgements: readonly Judgement[]): {
  outcome: Outcome
  decision: JsonObject
  message: string
  warnings: string[]
} {
  const worst = (['DENIED', 'UNDECIDED'] as const).find((outcome) => judgements.some(({ decision }) => decision.outcome === outcome)) ?? 'ALLOWED'
  return {
    outcome: OUTCOME_OF[worst],
    decision: { workloads: judgements.map(({ subject, decision }) => ({ subject, ...(decision as unknown as JsonObject) })) },
    message: judgements
      .map(({ message }) => message)
      .filter((message) => message !== '')
      .join('. '),
    warnings: judgements.flatMap(({ warnings }) => warnings),
  }
}
