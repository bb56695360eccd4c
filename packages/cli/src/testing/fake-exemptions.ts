import { Exemptions } from '@countersign/api/gen/countersign/v1/exemptions_pb.ts'
import type { ServedService } from '@countersign/api/rest/service-implementation.ts'
import { ADMIN } from '@countersign/service/testing/callers.ts'
import type { PolicyWorld } from '@countersign/service/testing/policy-world.ts'
import { textIn } from '../connection/api.ts'
import { type FakeCall, type Json, serveJson } from './served-json.ts'

/** Exemptions, as the fake server serves them. */
export function serveFakeExemptions({ exemptions }: PolicyWorld): ServedService<FakeCall> {
  const format = (stored: Awaited<ReturnType<typeof exemptions.getExemption>>): unknown => {
    const { id, subject, expiresAt, ...rest } = stored.exemption
    const times = { expireTime: new Date(expiresAt).toISOString(), createTime: stored.createTime }
    return { name: `projects/${stored.project}/exemptions/${id}`, ...subject, ...rest, ...times, creator: stored.creator }
  }
  return serveJson(Exemptions, {
    createExemption: async (request) => {
      const given = Object.entries(request['exemption'] as Json).filter(([, value]) => value !== '')
      const [parent, exemptionId] = [textIn(request, 'parent'), textIn(request, 'exemptionId')]
      return format(await exemptions.createExemption(ADMIN, { parent, exemptionId, exemption: Object.fromEntries(given) }))
    },
    getExemption: async (request) => format(await exemptions.getExemption(ADMIN, textIn(request, 'name'))),
    deleteExemption: async (request) => await exemptions.deleteExemption(ADMIN, textIn(request, 'name')),
    listExemptions: async (request) => {
      const asked = { pageSize: Number(request['pageSize']), pageToken: textIn(request, 'pageToken') }
      const { exemptions: found, nextPageToken } = await exemptions.listExemptions(ADMIN, textIn(request, 'parent'), asked)
      return { exemptions: found.map(format), nextPageToken }
    },
  })
}
