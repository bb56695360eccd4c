import { SETTINGS, type Setting, type SettingTable } from './settings.ts'

const OWN = [
  { name: 'upstream', value: 'URL', help: 'API of the server to follow: https://countersign.example:8080. Plain http:// for loopback alone.' },
  { name: 'project', value: 'ID', help: 'Project of the cluster.' },
  { name: 'cluster', value: 'LOCATION.NAME', help: 'The registered cluster at which this gate stands.' },
  {
    name: 'token-file',
    value: 'FILE',
    help: 'Token of the role gate, bound to this cluster: countersign tokens create --role gate --cluster LOCATION.NAME. Read anew for each request.',
  },
  {
    name: 'ca-file',
    value: 'FILE',
    help: "PEM of the server's certificate authority, read anew for each request. Default: the system's authorities.",
  },
  {
    name: 'data',
    value: 'DIR',
    fallback: './.countersign-gate',
    help: 'Folder of the spool and of own certificates; a local disk, no two gates on one.',
  },
  {
    name: 'tls-cert',
    value: 'FILE',
    help: 'PEM certificate chain for the webhook, read again when it changes; needs --tls-key. Default: one of an own authority.',
  },
  { name: 'tls-key', value: 'FILE', help: 'PEM private key for the webhook; needs --tls-cert.' },
  {
    name: 'ready-file',
    value: 'FILE',
    help: 'Once the gate has read its world, write {"webhookUrl","caFile"} to this file; the cluster\'s secret segment goes behind the URL.',
  },
  { name: 'name', value: 'NAME', help: "What `countersign status` shows this gate as. Default: this machine's or Pod's host name." },
] as const satisfies readonly Setting[]

/** What it shares with the server, told in the same words. */
const SHARED = [
  'webhook-listen',
  'webhook-client-ca',
  'hostname',
  'break-glass-events',
  'break-glass-webhook',
  'break-glass-webhook-secret-file',
  'break-glass-webhook-ca',
  'break-glass-webhook-addresses',
  'undecided',
  'webhook-name',
  'image-review-must-show',
  'staleness-budget',
  'max-review-bytes',
  'max-inflight-bytes',
  'pin-registry',
  'pin-docker-config',
  'metrics-listen',
  'drain-seconds',
  'log-level',
] as const

/** Every setting's name of `countersign gate`. */
export type GateSettingName = (typeof OWN)[number]['name'] | (typeof SHARED)[number]

export const GATE_SETTINGS: SettingTable<GateSettingName> = {
  command: 'gate',
  file: './countersign-gate.yaml',
  settings: [...OWN, ...SHARED.flatMap((name) => SETTINGS.filter((setting) => setting.name === name).map((setting) => ({ ...setting, name })))],
}
