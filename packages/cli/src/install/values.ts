/**
 * What an installation in a cluster is made of. The names are those of the chart's `values.yaml`, so that one file serves
 * `countersign install --print --values` and `helm install --values` alike.
 */
export interface InstallValues {
  /** `server`: everything in the cluster, on one volume. `gate`: only gates, which follow a server elsewhere. */
  readonly mode: 'server' | 'gate'
  readonly createNamespace: boolean
  readonly image: string
  readonly imagePullPolicy: 'IfNotPresent' | 'Always' | 'Never'
  /** Of the gate; a server on SQLite has exactly one. */
  readonly replicas: number
  /** LOCATION.NAME, and the project that it is registered in. */
  readonly cluster: string
  readonly project: string
  /** The server that gates follow. The Secret has `token` and `ca.crt`. */
  readonly upstream: { readonly url: string; readonly secretName: string }
  /** Where a server keeps everything, and a gate the decisions that its server does not have yet. */
  readonly storage: { readonly kind: 'volume' | 'emptyDir'; readonly size: string; readonly className: string }
  readonly certificates: { readonly source: 'self' | 'cert-manager' }
  readonly webhook: WebhookValues
  readonly names: InstallNames
  readonly networkPolicy: { readonly enabled: boolean; readonly from: readonly object[] }
  /** `events`: write each use of break-glass as an Event into its namespace, with the right to create Events and nothing else. */
  readonly breakGlass: { readonly events: boolean }
  /** `serviceMonitor`: tell metrics, and Prometheus' operator where; needs its custom resource. */
  readonly metrics: { readonly serviceMonitor: boolean }
  readonly resources: object
  readonly tolerations: readonly object[]
  readonly nodeSelector: Readonly<Record<string, string>>
}

export interface WebhookValues {
  /** `/v1/webhook/<segment>`, whose segment is the cluster's credential. Empty with an empty `url`: no webhook yet. */
  readonly path: string
  /** The whole URL, where API servers reach the gate by one instead of by its Service. */
  readonly url: string
  /** Base64 of the authorities in PEM. Empty: whoever makes the certificates fills it in. */
  readonly caBundle: string
  readonly failurePolicy: 'Fail' | 'Ignore'
  /** As the cluster is registered. All but `ignore` ask about workloads too, so that one that can never run is told of when it is applied. */
  readonly workloads: 'deny' | 'warn' | 'ignore'
  readonly timeoutSeconds: number
  /** What stands in every denial. */
  readonly name: string
}

/** What the objects are called. */
export interface InstallNames {
  readonly base: string
  readonly service: string
  readonly workload: string
  readonly serviceAccount: string
  readonly webhookConfiguration: string
}

/** Where an installation stands and what it is. */
export interface Installation {
  readonly namespace: string
  readonly values: InstallValues
}
