import type { DescService } from '@bufbuild/protobuf'
import { IamPolicyV1, IamPolicyV1Alpha2, IamPolicyV1Beta1 } from '../gen/countersign/binaryauthorization/v1/iam_pb.ts'
import {
  BinauthzManagementServiceV1Alpha2,
  SystemPolicyV1Alpha2,
  ValidationHelperV1Alpha2,
} from '../gen/countersign/binaryauthorization/v1alpha2/service_pb.ts'
import { ValidationHelperV1Beta1 } from '../gen/countersign/binaryauthorization/v1beta1/validation_pb.ts'
import { Audit } from '../gen/countersign/v1/audit_pb.ts'
import { Clusters } from '../gen/countersign/v1/clusters_pb.ts'
import { Evaluation } from '../gen/countersign/v1/evaluation_pb.ts'
import { Exemptions } from '../gen/countersign/v1/exemptions_pb.ts'
import { Projects } from '../gen/countersign/v1/projects_pb.ts'
import { Receipts } from '../gen/countersign/v1/receipts_pb.ts'
import { Status } from '../gen/countersign/v1/status_pb.ts'
import { Tokens } from '../gen/countersign/v1/tokens_pb.ts'
import { BinauthzManagementServiceV1, SystemPolicyV1, ValidationHelperV1 } from '../gen/google/cloud/binaryauthorization/v1/service_pb.ts'
import { BinauthzManagementServiceV1Beta1, SystemPolicyV1Beta1 } from '../gen/google/cloud/binaryauthorization/v1beta1/service_pb.ts'
import { ContainerAnalysis } from '../gen/google/devtools/containeranalysis/v1/containeranalysis_pb.ts'
import { ContainerAnalysisV1Beta1 } from '../gen/google/devtools/containeranalysis/v1beta1/containeranalysis_pb.ts'
import { GrafeasV1Beta1 } from '../gen/google/devtools/containeranalysis/v1beta1/grafeas/grafeas_pb.ts'
import { Grafeas } from '../gen/grafeas/v1/grafeas_pb.ts'

/** Every service that the protos define: for tests that hold all of them to the same rules. */
export const allServices: readonly DescService[] = [
  BinauthzManagementServiceV1,
  SystemPolicyV1,
  ValidationHelperV1,
  BinauthzManagementServiceV1Beta1,
  SystemPolicyV1Beta1,
  ValidationHelperV1Beta1,
  BinauthzManagementServiceV1Alpha2,
  SystemPolicyV1Alpha2,
  ValidationHelperV1Alpha2,
  IamPolicyV1,
  IamPolicyV1Beta1,
  IamPolicyV1Alpha2,
  Grafeas,
  GrafeasV1Beta1,
  ContainerAnalysis,
  ContainerAnalysisV1Beta1,
  Projects,
  Clusters,
  Exemptions,
  Audit,
  Evaluation,
  Receipts,
  Status,
  Tokens,
]
