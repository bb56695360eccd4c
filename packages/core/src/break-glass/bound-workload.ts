import type { Parsed } from '../parsed.ts'
import { quote } from '../quote.ts'

/** A workload of a namespace, to whose Pods alone a token is bound. */
export interface BoundWorkload {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
}

/** Who asks, as far as a review says it. */
export interface ShownWorkload extends BoundWorkload {
  readonly user: string
  /** The owner that is marked as controller; whoever makes an object may write any. */
  readonly controller?: BoundWorkload
  /** The Pod's label `pod-template-hash`. */
  readonly templateHash?: string
}

/** Kinds to which a token can be bound, and the controller that makes what they own. */
const CONTROLLERS: Readonly<Record<string, string>> = {
  'v1/Pod': '',
  'v1/ReplicationController': 'replication-controller',
  'apps/v1/ReplicaSet': 'replicaset-controller',
  'apps/v1/Deployment': 'deployment-controller',
  'apps/v1/StatefulSet': 'statefulset-controller',
  'apps/v1/DaemonSet': 'daemon-set-controller',
  'batch/v1/Job': 'job-controller',
  'batch/v1/CronJob': 'cronjob-controller',
}

const FORM = /^((?:[a-z]+\/)?v1)\/([A-Za-z]+)\/([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)$/

/** Parses `apps/v1/Deployment/web`. */
export function parseBoundWorkload(text: string): Parsed<BoundWorkload> {
  const [, apiVersion = '', kind = '', name = ''] = FORM.exec(text) ?? []
  if (Object.hasOwn(CONTROLLERS, `${apiVersion}/${kind}`)) return { ok: true, value: { apiVersion, kind, name } }
  const kinds = Object.keys(CONTROLLERS).join(', ')
  return {
    ok: false,
    issues: [{ path: [], message: `Workload ${quote(text)} is not valid: expected one of ${kinds}, and a name, as apps/v1/Deployment/web` }],
  }
}

/**
 * Whether what is shown is the workload, or is made for it. An owner counts only where the controller of its kind asks, for anybody may write owners. A
 * Deployment's Pods name its ReplicaSet, and a CronJob's their Job, and no more: of those the whole name must fit, with the Pod's own hash or the minute, not its
 * beginning. What cannot be known from a Pod is whether that ReplicaSet or Job was made for the workload, or by somebody who may make such and knows the token.
 */
export function isOfWorkload(bound: BoundWorkload, shown: ShownWorkload): boolean {
  if (isSame(bound, shown)) return true
  const { controller, templateHash = '' } = shown
  if (controller === undefined || !isControllerOf(controller, shown.user)) return false
  if (isSame(bound, controller)) return true
  if (shown.kind !== 'Pod' || shown.apiVersion !== 'v1') return false
  switch (`${bound.apiVersion}/${bound.kind} ${controller.apiVersion}/${controller.kind}`) {
    case 'apps/v1/Deployment apps/v1/ReplicaSet':
      return /^[a-z0-9]{1,32}$/.test(templateHash) && controller.name === `${bound.name}-${templateHash}`
    case 'batch/v1/CronJob batch/v1/Job':
      return controller.name.startsWith(`${bound.name}-`) && /^[0-9]{8,10}$/.test(controller.name.slice(bound.name.length + 1))
    default:
      return false
  }
}

function isSame(one: BoundWorkload, other: BoundWorkload): boolean {
  return one.apiVersion === other.apiVersion && one.kind === other.kind && one.name === other.name
}

/** By its own service account, or as the one user of a controller manager that does not have them. */
function isControllerOf({ apiVersion, kind }: BoundWorkload, user: string): boolean {
  const key = `${apiVersion}/${kind}`
  const name = Object.hasOwn(CONTROLLERS, key) ? CONTROLLERS[key] : undefined
  if (name === undefined || name === '') return false
  return user === 'system:kube-controller-manager' || user === `system:serviceaccount:kube-system:${name}`
}
