import { BreakGlass } from '@countersign/api/gen/countersign/v1/break_glass_pb.ts'
import type { ServedService } from '@countersign/api/rest/service-implementation.ts'
import { type BreakGlassView, makeBreakGlass } from '@countersign/service/break-glass/break-glass.ts'
import { ADMIN } from '@countersign/service/testing/callers.ts'
import type { PolicyWorld } from '@countersign/service/testing/policy-world.ts'
import { textIn } from '../connection/api.ts'
import { type FakeCall, serveJson } from './served-json.ts'

/** The settings of break-glass, as the fake server serves them. */
export function serveFakeBreakGlass({ store, surroundings, pageTokens }: PolicyWorld): ServedService<FakeCall> {
  const breakGlass = makeBreakGlass({ changes: store.changes, surroundings, pageTokens })
  return serveJson(BreakGlass, {
    getBreakGlassSettings: async (request) => format(await breakGlass.getSettings(ADMIN, textIn(request, 'name'))),
    updateBreakGlassSettings: async (request) => {
      const { mode, clusters } = request
      const update = { settings: { mode, clusters }, etag: textIn(request, 'etag') }
      return format(await breakGlass.updateSettings(ADMIN, textIn(request, 'name'), update))
    },
  })
}

function format({ project, settings, etag, publicKey }: BreakGlassView): unknown {
  return { name: `projects/${project}/breakGlass`, mode: settings.mode, clusters: settings.clusters, etag, publicKey }
}
