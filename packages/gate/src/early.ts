import type { AdmissionRequest } from '@countersign/core/admission/request.ts'
import { isKnativeService } from '@countersign/core/workload/cloud-run.ts'
import type { ClusterSettings, WorkloadsMode } from '@countersign/core/workload/cluster-settings.ts'

/**
 * What the cluster wants done about a request that only tells early what Pods will meet; undefined where the request is itself what runs, and
 * where nobody chose: what is asked about is judged. Only what certainly is a template is early: a kind that is not known is a Pod.
 */
export function earlyMode({ source, workload }: AdmissionRequest, settings: ClusterSettings | undefined): WorkloadsMode | undefined {
  if (settings?.workloads === undefined || source !== 'ADMISSION_REVIEW') return undefined
  return isTemplate(workload) ? settings.workloads : undefined
}

/** Everything of apps and batch, the templates of the core group, and custom kinds, of which only those are read that a path names. */
function isTemplate({ apiVersion, kind }: AdmissionRequest['workload']): boolean {
  if (!apiVersion.includes('/')) return kind === 'PodTemplate' || kind === 'ReplicationController'
  return !isKnativeService({ apiVersion, kind })
}
