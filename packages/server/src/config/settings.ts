/**
 * Every setting of the server, once: flags, variables, the configuration file and `serve --help` are made from this table.
 * Precedence: flag, then `COUNTERSIGN_*` variable, then file, then default (issue "Set-up").
 */
export interface Setting {
  /** The flag without its dashes, and the key in the file. The variable is COUNTERSIGN_ and this in capitals, `_` for `-`. */
  readonly name: string
  /** What stands for the value in the help text; absent for a flag that takes none. */
  readonly value?: string
  readonly fallback?: string
  /** May be given more than once: the flag again, the variable's values separated by commas, a list in the file. */
  readonly repeated?: true
  readonly help: string
}

export const SETTINGS = [
  {
    name: 'listen',
    value: 'HOST:PORT',
    fallback: '127.0.0.1:8080',
    help: 'Address of the API. Port 0 takes any free port. Plain text is refused off loopback: see --tls.',
  },
  {
    name: 'webhook-listen',
    value: 'HOST:PORT',
    fallback: '127.0.0.1:8443',
    help: 'Address of the admission webhook, always HTTPS. Port 0 takes any free port.',
  },
  {
    name: 'webhook-url',
    value: 'URL',
    help: 'Base URL under which clusters reach the webhook, where it differs from the address above: https://gate.example:8443',
  },
  { name: 'hostname', value: 'NAME', repeated: true, help: 'A further DNS name or IP address for the certificates made here. May be repeated.' },
  {
    name: 'data',
    value: 'DIR',
    fallback: './.countersign',
    help: 'Folder of the store, the certificate authority, the spool and the first admin token; a local disk. Made with mode 0700.',
  },
  { name: 'tls', value: 'self', help: 'Put the API behind TLS with a certificate of the own authority.' },
  { name: 'tls-cert', value: 'FILE', help: 'PEM certificate chain for the API; needs --tls-key.' },
  { name: 'tls-key', value: 'FILE', help: 'PEM private key for the API; needs --tls-cert.' },
  {
    name: 'webhook-tls-cert',
    value: 'FILE',
    help: 'PEM certificate chain for the webhook, instead of one of the own authority; read again when it changes. Needs --webhook-tls-key.',
  },
  { name: 'webhook-tls-key', value: 'FILE', help: 'PEM private key for the webhook; needs --webhook-tls-cert.' },
  {
    name: 'webhook-tls-ca',
    value: 'FILE',
    help: 'PEM authorities of --webhook-tls-cert: what clusters are told to trust. Default: the certificate itself.',
  },
  {
    name: 'webhook-client-ca',
    value: 'FILE',
    help:
      'PEM authority of client certificates of API servers: who shows one is recorded as verified by it. A further credential beside the secret URL; ' +
      'none is demanded.',
  },
  {
    name: 'break-glass-events',
    value: 'in-cluster|FILE',
    help: 'Write each use of break-glass as an Event into its namespace: of the cluster in which this runs, or by a kubeconfig. Needs the right to create events.',
  },
  {
    name: 'break-glass-webhook',
    value: 'URL',
    help: 'Tell each use of break-glass to this https URL at once, as a CloudEvent. Retried with backoff; no admission waits for it.',
  },
  {
    name: 'break-glass-webhook-secret-file',
    value: 'FILE',
    help: 'Secret of the HMAC-SHA256 over the body, in the header x-countersign-signature: sha256=…',
  },
  { name: 'break-glass-webhook-ca', value: 'FILE', help: "PEM authority of that URL. Default: the system's authorities." },
  {
    name: 'break-glass-webhook-addresses',
    value: 'public|any',
    fallback: 'public',
    help: 'Which addresses that URL may stand for: "public" refuses those of private networks and of this machine.',
  },
  {
    name: 'pin-registry',
    value: 'HOST',
    repeated: true,
    help:
      'Registry that may be asked what tags mean, for clusters whose Pods are pinned, and its token service if that is on another host inside: docker.io, ' +
      'registry.internal:5000. May be repeated. What is named may lie in a private network, and nothing else is asked. Default: every public registry.',
  },
  {
    name: 'pin-docker-config',
    value: 'FILE',
    help: "Docker's config.json with the passwords or credential helpers for those registries; read anew for each question. Default: ask as nobody.",
  },
  {
    name: 'metrics-listen',
    value: 'HOST:PORT',
    help: 'Address of GET /metrics for Prometheus, in plain HTTP and without credentials: it tells counts and no names. Default: no such door.',
  },
  {
    name: 'checkpoint-file',
    value: 'FILE',
    repeated: true,
    help:
      'Append every signed checkpoint of the audit log to this file too, on another disk or one that is collected elsewhere: with it audit verify proves ' +
      'that nobody rewrote or cut the log. May be repeated.',
  },
  { name: 'ready-file', value: 'FILE', help: 'Once every door answers, write {"apiUrl","webhookUrl","caFile","adminTokenFile"} to this file.' },
  {
    name: 'undecided',
    value: 'error|deny',
    fallback: 'error',
    help: 'How the gate answers when it could not decide: "error" is a 503, so that the cluster\'s failurePolicy speaks; "deny" is a refusal that says so.',
  },
  {
    name: 'webhook-name',
    value: 'NAME',
    fallback: 'imagepolicywebhook.image-policy.k8s.io',
    help: "Name of the webhook in labels and audit records: the original's, or binaryauthorization.googleapis.com as on premises.",
  },
  {
    name: 'image-review-must-show',
    value: 'LABELS|IMAGE_VOLUMES',
    repeated: true,
    help:
      'An ImageReview shows neither labels nor image volumes. LABELS: its denials, which a break-glass label could overturn, are not decided; ' +
      'IMAGE_VOLUMES: nor are its admissions. May be repeated.',
  },
  {
    name: 'staleness-budget',
    value: 'SECONDS',
    fallback: '300',
    help: 'For how long the gate decides without having heard from the store; beyond that it could not decide.',
  },
  { name: 'max-review-bytes', value: 'BYTES', fallback: '8388608', help: 'Largest admission review that the gate reads.' },
  {
    name: 'max-inflight-bytes',
    value: 'BYTES',
    fallback: '67108864',
    help: 'Review bytes that the gate holds at one time; beyond that it refuses before parsing.',
  },
  {
    name: 'drain-seconds',
    value: 'SECONDS',
    fallback: '10',
    help: 'After SIGTERM, for how long requests under way may finish. A second signal ends at once.',
  },
  {
    name: 'log-level',
    value: 'LEVEL',
    fallback: 'info',
    help: 'trace, debug, info, warn, error or silent. Logs go to standard error, one JSON object a line.',
  },
] as const satisfies readonly Setting[]

/** Every setting's name. */
export type SettingName = (typeof SETTINGS)[number]['name']

/** The settings of one command. */
export interface SettingTable<N extends string> {
  readonly command: 'serve' | 'gate'
  /** The configuration file that is read where none is named. */
  readonly file: string
  readonly settings: readonly (Setting & { readonly name: N })[]
}

export const SERVE_SETTINGS: SettingTable<SettingName> = { command: 'serve', file: './countersign.yaml', settings: SETTINGS }

/** The environment variable of a setting. */
export function variableOf(name: string): string {
  return `COUNTERSIGN_${name.toUpperCase().replaceAll('-', '_')}`
}
