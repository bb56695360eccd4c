import type { Installation } from './values.ts'

/** The Secrets that hold the webhook's certificate, its authority, and what guards them. */
export interface CertificateNames {
  /** `tls.crt`, `tls.key` and `ca.crt`: what the webhook shows. */
  readonly served: string
  /** The authority with its key: nobody mounts it. */
  readonly authority: string
  /** Part, service account, roles and Lease of what keeps them. */
  readonly keeper: string
}

/** What the objects around the certificates are called. */
export function certificateNames({ values }: Installation): CertificateNames {
  const { base } = values.names
  return { served: `${base}-webhook-tls`, authority: `${base}-authority`, keeper: `${base}-certificates` }
}

/** The names under which API servers reach the webhook. */
export function webhookHosts({ namespace, values }: Installation): readonly string[] {
  const { service } = values.names
  const named = values.webhook.url === '' ? [] : [new URL(values.webhook.url).hostname.replace(/^\[|\]$/g, '')]
  return [`${service}.${namespace}.svc`, `${service}.${namespace}.svc.cluster.local`, ...named]
}
