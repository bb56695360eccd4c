import { certificateObjects } from './certificates.ts'
import { identityObjects } from './identity.ts'
import type { KubernetesObject } from './object.ts'
import type { Installation } from './values.ts'
import { installedWebhook } from './webhook.ts'
import { workloadObjects } from './workload.ts'

/** Every object of an installation, in the order of applying: the webhook configuration last, so that it finds a gate. */
export function renderInstallation(installation: Installation): readonly KubernetesObject[] {
  const webhook = installedWebhook(installation)
  return [
    ...identityObjects(installation),
    ...certificateObjects(installation),
    ...workloadObjects(installation),
    ...(webhook === undefined ? [] : [webhook]),
  ]
}
