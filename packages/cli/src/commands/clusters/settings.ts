import { NO_SETTINGS } from '@countersign/core/workload/cluster-settings.ts'
import type { Tree } from '../../connection/api.ts'
import { UsageError } from '../../terminal.ts'
import type { Given } from '../given.ts'
import type { VerbOption } from '../verb.ts'

/** A cluster's settings as they travel. */
export interface SentSettings {
  readonly workloads: string
  readonly imagePaths: readonly string[]
  readonly knative: boolean
  readonly pinTags: boolean
}

/** What `register` and `update` take. */
export const SETTING_OPTIONS: readonly VerbOption[] = [
  {
    flags: '--workloads <mode>',
    summary: 'Deployments, Jobs and the like whose Pods would be refused: deny, warn or ignore (default: Pods alone are asked about)',
  },
  {
    flags: '--image-path <path>',
    summary: 'where a custom resource names images: GROUP/VERSION/Kind:PATH, argo-rollouts or tekton; none for none (may be repeated)',
    kind: 'list',
  },
  { flags: '--knative <on|off>', summary: 'judge Knative Services that carry Cloud Run’s annotation, as Cloud Run does' },
  {
    flags: '--pin-tags <on|off>',
    summary: 'let the gate pin Pods’ tags to digests; needs a webhook of its own, see describe --pinning-configuration',
  },
]

/** The settings that a cluster has. */
export function settingsOf(cluster: Tree): SentSettings {
  const settings = (cluster['settings'] ?? {}) as Partial<SentSettings>
  return { workloads: '', ...NO_SETTINGS, ...settings }
}

/** The settings that a command line asks for, over those that are. */
export function changedSettings(before: SentSettings, given: Given): SentSettings {
  const paths = given.list('--image-path')
  return {
    workloads: given.text('--workloads') ?? before.workloads,
    imagePaths: paths.length === 0 ? before.imagePaths : paths.filter((path) => path !== 'none'),
    knative: switched(given, '--knative') ?? before.knative,
    pinTags: switched(given, '--pin-tags') ?? before.pinTags,
  }
}

function switched(given: Given, flag: string): boolean | undefined {
  const text = given.text(flag)
  if (text === undefined || text === 'on' || text === 'off') return text === undefined ? undefined : text === 'on'
  throw new UsageError(`Option ${flag} is "${text}", expected on or off`)
}
