import type { MessageInitShape } from '@bufbuild/protobuf'
import { toJson } from '@bufbuild/protobuf'
import { Exemptions as ExemptionsService, ExemptionSchema } from '@countersign/api/gen/countersign/v1/exemptions_pb.ts'
import { serve, type ServedService } from '@countersign/api/rest/service-implementation.ts'
import type { Exemptions } from '@countersign/service/policy/exemptions.ts'
import type { StoredExemption } from '@countersign/service/policy/ports.ts'
import type { CallContext } from './call-context.ts'
import { instantToTimestamp, toTimestamp } from './time.ts'

/** `countersign.v1.Exemptions` over the policy flow. */
export function serveExemptions(exemptions: Exemptions): ServedService<CallContext> {
  return serve(ExemptionsService, {
    createExemption: async ({ parent, exemptionId, exemption }, { caller }) => {
      const tree = exemption === undefined ? undefined : toJson(ExemptionSchema, exemption)
      return formatExemption(await exemptions.createExemption(caller, { parent, exemptionId, exemption: tree }))
    },
    listExemptions: async ({ parent, ...asked }, { caller }) => {
      const { exemptions: found, nextPageToken } = await exemptions.listExemptions(caller, parent, asked)
      return { exemptions: found.map(formatExemption), nextPageToken }
    },
    getExemption: async ({ name }, { caller }) => formatExemption(await exemptions.getExemption(caller, name)),
    deleteExemption: async ({ name }, { caller }) => {
      await exemptions.deleteExemption(caller, name)
      return {}
    },
  })
}

function formatExemption({ project, exemption, createTime, creator }: StoredExemption): MessageInitShape<typeof ExemptionSchema> {
  const { id, subject, namespace, owner, reason, expiresAt } = exemption
  return {
    name: `projects/${project}/exemptions/${id}`,
    subject: 'pattern' in subject ? { case: 'pattern', value: subject.pattern } : { case: 'digest', value: subject.digest },
    namespace: namespace ?? '',
    owner,
    reason,
    creator,
    expireTime: instantToTimestamp(expiresAt),
    createTime: toTimestamp(createTime),
  }
}
