import type { ServedService } from '@countersign/api/rest/service-implementation.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Flows } from '../composition/flows.ts'
import { serveAudit, serveReceipts } from './audit.ts'
import { serveBinauthz } from './binauthz.ts'
import { serveBreakGlass } from './break-glass.ts'
import type { CallContext } from './call-context.ts'
import { serveClusters, type WebhookAddress } from './clusters.ts'
import { serveContainerAnalysis } from './container-analysis.ts'
import { serveEvaluation } from './evaluation.ts'
import { serveEvidence } from './evidence.ts'
import { serveExemptions } from './exemptions.ts'
import { type GateParts, serveGates } from './gates.ts'
import { serveGrafeasV1 } from './grafeas-v1.ts'
import { serveGrafeasV1Beta1 } from './grafeas-v1beta1.ts'
import { serveProjects } from './projects.ts'
import { serveStatus, type StatusParts } from './status.ts'
import { serveTokens } from './tokens.ts'

export interface Around {
  readonly webhook: () => WebhookAddress
  readonly status: StatusParts
  readonly gates: GateParts
}

/** Everything that the API port serves, over REST and gRPC alike. */
export function serveAll(flows: Flows, { webhook, status, gates }: Around): readonly ServedService<CallContext>[] {
  const forPeople = [
    ...serveBinauthz(flows),
    serveGrafeasV1(flows.metadata),
    serveGrafeasV1Beta1(flows.metadata),
    serveContainerAnalysis(flows.metadata),
    serveEvidence(flows.metadata, flows.awaitEvidence),
    serveProjects(flows.projects),
    serveClusters(flows.clusters, webhook),
    serveExemptions(flows.exemptions),
    serveBreakGlass(flows.breakGlass),
    serveEvaluation(flows.evaluate),
    serveAudit(flows.audit, flows.sealedLog),
    serveReceipts(flows.receipts),
    serveTokens(flows.tokens),
    serveStatus(status),
  ]
  return [...forPeople.map(refuseGates), serveGates(gates)]
}

/** A gate's token opens the gate's own service and nothing else, whatever a method asks for or does not. */
function refuseGates(served: ServedService<CallContext>): ServedService<CallContext> {
  return {
    service: served.service,
    call: async (method, request, context) => {
      if (context.caller.role !== 'gate') return await served.call(method, request, context)
      throw new StatusError(
        'PERMISSION_DENIED',
        `permission denied for ${served.service.typeName}: a gate's token follows its cluster and files its decisions`,
      )
    },
  }
}
