import type { AdmissionDecision } from '@countersign/core/admission/decision.ts'
import type { AdmissionEvidence } from '@countersign/core/admission/evidence.ts'
import type { Asked } from '../asked.ts'

/** A decision with all that it was made of. */
export interface DecidedRequest {
  readonly asked: Asked
  readonly evidence: AdmissionEvidence
  readonly decision: AdmissionDecision
}
