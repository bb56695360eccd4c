import type { AdmissionDecision } from '@countersign/core/admission/decision.ts'
import { formatPolicy } from '@countersign/core/policy/format.ts'
import type { Policy } from '@countersign/core/policy/policy.ts'
import { StatusError } from '@countersign/core/status.ts'
import { type Api, pathOf, type Tree, textIn, treesIn } from '../connection/api.ts'
import type { Judgement, Place, Subject } from './judgement.ts'

/** Has the server judge, by its own evidence and its own policy, or by `policy` where that shall be tried. Nothing is recorded there. */
export async function evaluateOnServer(
  api: Api,
  project: string,
  asked: { readonly subjects: readonly Subject[]; readonly place: Place; readonly policy?: Policy },
): Promise<readonly Judgement[]> {
  const { subjects, place, policy } = asked
  const tried = policy === undefined ? {} : { policy: formatPolicy(policy, { name: `projects/${project}/policy` }) }
  const judgements: Judgement[] = []
  for (const subject of subjects) {
    const what = 'images' in subject ? { images: { images: subject.images } } : { resource: subject.resource }
    const answer = await api.call('POST', pathOf('/countersign/v1', `projects/${project}/policy`, ':evaluate'), {
      body: { ...place, ...tried, ...what },
    })
    judgements.push(...treesIn(answer, 'decision', 'workloads').map((workload) => readWorkload(workload, subject.source)))
  }
  return judgements
}

function readWorkload(workload: Tree, source: string): Judgement {
  const { subject: _, ...decision } = workload
  if (!Array.isArray(decision['images']) || textIn(decision, 'outcome') === '')
    throw new StatusError('UNKNOWN', 'The server’s answer is no decision: is it of another version?')
  return { source, subject: textIn(workload, 'subject'), decision: decision as unknown as AdmissionDecision }
}
