import { type MessageInitShape, toJson } from '@bufbuild/protobuf'
import { durationFromMs, durationMs } from '@bufbuild/protobuf/wkt'
import {
  BreakGlass as BreakGlassService,
  BreakGlassGrantSchema,
  type BreakGlassSettingsSchema,
} from '@countersign/api/gen/countersign/v1/break_glass_pb.ts'
import { serve, type ServedService } from '@countersign/api/rest/service-implementation.ts'
import { isJsonObject } from '@countersign/core/json-object.ts'
import type { BreakGlass, BreakGlassView, ShownGrant } from '@countersign/service/break-glass/break-glass.ts'
import type { CallContext } from './call-context.ts'
import { instantToTimestamp, toTimestamp } from './time.ts'

/** `countersign.v1.BreakGlass` over its flow. */
export function serveBreakGlass(breakGlass: BreakGlass): ServedService<CallContext> {
  return serve(BreakGlassService, {
    getBreakGlassSettings: async ({ name }, { caller }) => formatSettings(await breakGlass.getSettings(caller, name)),
    updateBreakGlassSettings: async ({ name, mode, clusters, etag }, { caller }) =>
      formatSettings(await breakGlass.updateSettings(caller, name, { settings: { mode, clusters }, etag })),
    requestBreakGlassGrant: async ({ parent, grant }, { caller }) => {
      const lifetimeMs = grant?.lifetime === undefined ? 0 : durationMs(grant.lifetime)
      return formatGrant(
        await breakGlass.requestGrant(caller, { parent, request: grant && askedOf(toJson(BreakGlassGrantSchema, grant)), lifetimeMs }),
      )
    },
    listBreakGlassGrants: async ({ parent, ...asked }, { caller }) => {
      const { grants, nextPageToken } = await breakGlass.listGrants(caller, parent, asked)
      return { grants: grants.map(formatGrant), nextPageToken }
    },
    getBreakGlassGrant: async ({ name }, { caller }) => formatGrant(await breakGlass.getGrant(caller, name)),
    approveBreakGlassGrant: async ({ name }, { caller }) => formatGrant(await breakGlass.approveGrant(caller, name)),
    revokeBreakGlassGrant: async ({ name }, { caller }) => formatGrant(await breakGlass.revokeGrant(caller, name)),
  })
}

/** What a caller may say of a grant. */
function askedOf(tree: unknown): unknown {
  const { lifetime: _, ...asked } = isJsonObject(tree) ? tree : {}
  return asked
}

function formatSettings({ project, settings, etag, publicKey }: BreakGlassView): MessageInitShape<typeof BreakGlassSettingsSchema> {
  return { name: `projects/${project}/breakGlass`, mode: settings.mode, clusters: { ...settings.clusters }, etag, publicKey }
}

function formatGrant({ grant, state, token = '' }: ShownGrant): MessageInitShape<typeof BreakGlassGrantSchema> {
  const { project, id, cluster, namespace, subject, workload = '', lifetimeMs, justification, requester, requestTime, approval, revocation } = grant
  return {
    name: `projects/${project}/breakGlassGrants/${id}`,
    cluster,
    namespace,
    subject: 'pattern' in subject ? { case: 'pattern', value: subject.pattern } : { case: 'digest', value: subject.digest },
    workload,
    lifetime: durationFromMs(lifetimeMs),
    justification,
    state,
    requester,
    requestTime: toTimestamp(requestTime),
    ...(approval === undefined
      ? {}
      : { approver: approval.by, approveTime: toTimestamp(approval.time), expireTime: instantToTimestamp(approval.expiresAt) }),
    revoker: revocation?.by ?? '',
    token,
  }
}
