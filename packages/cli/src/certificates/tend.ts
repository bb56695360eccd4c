import { issueServerCertificate, makeAuthority } from '@countersign/adapters/certificates/authority.ts'
import { type Authorities, bundleOf, isGoodServer, nextStep, type RotationStep, takeStep } from '@countersign/adapters/certificates/rotation.ts'
import type { KubernetesClient } from '@countersign/adapters/kubernetes/client.ts'
import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import {
  contentOf,
  formatAuthorities,
  isRotationAsked,
  parseAuthorities,
  secretOf,
  type SecretPlace,
  secretPath,
  secretsPath,
  withoutWish,
} from './authority-secret.ts'

/** Whose certificates are tended. */
export interface TendOptions {
  /** `tls.crt`, `tls.key` and `ca.crt`, for the doors. */
  readonly served: SecretPlace
  readonly authority: SecretPlace
  readonly webhookConfiguration: string
  readonly hosts: readonly string[]
  /** Within which every API server has read a bundle, and every door a certificate. */
  readonly settleMs: number
}

/**
 * One look after the certificates; gives what was done, for people. Every effect follows from what is written down already,
 * so a look that was cut short is made good by the next one, whoever takes it:
 * the authorities' next step is written before the bundle tells of it, and the bundle tells of an authority before it signs.
 */
export async function tendCertificates(client: KubernetesClient, options: TendOptions, now: number): Promise<readonly string[]> {
  const found = await client.find(secretPath(options.authority))
  const { secret, authorities, step } = found === undefined ? await begin(client, options, now) : await advance(client, options, found, now)
  const done = [...(found === undefined ? ['made an authority'] : []), ...(step === 'NONE' ? [] : [TOLD[step]])]
  if (await tellBundle(client, options.webhookConfiguration, bundleOf(authorities))) done.push('told the webhook configuration of the bundle')
  if (authorities.next !== undefined && authorities.bundledAt === undefined)
    await client.replace(secretPath(options.authority), secretOf(options.authority, formatAuthorities({ ...authorities, bundledAt: now }), secret))
  if (await serve(client, options, authorities, now)) done.push('put the certificate into its Secret')
  return done
}

const TOLD: Readonly<Record<Exclude<RotationStep, 'NONE'>, string>> = {
  PREPARE: 'made the next authority, which signs nothing yet',
  SWITCH: 'let the next authority sign',
  RETIRE: 'retired the previous authority',
}

interface Tended {
  readonly secret: JsonObject
  readonly authorities: Authorities
  readonly step: RotationStep
}

async function begin(client: KubernetesClient, { authority }: TendOptions, now: number): Promise<Tended> {
  const authorities = { current: await makeAuthority(now) }
  const secret = await client.create(secretsPath(authority.namespace), secretOf(authority, formatAuthorities(authorities)))
  return { secret, authorities, step: 'NONE' }
}

async function advance(client: KubernetesClient, { authority, settleMs }: TendOptions, found: JsonObject, now: number): Promise<Tended> {
  const before = parseAuthorities(contentOf(found))
  const step = nextStep(before, { now, settleMs, isAsked: isRotationAsked(found) })
  if (step === 'NONE') return { secret: found, authorities: before, step }
  const authorities = await takeStep(before, step, { now, fresh: () => makeAuthority(now) })
  const under = step === 'PREPARE' ? withoutWish(found) : found
  const secret = await client.replace(secretPath(authority), secretOf(authority, formatAuthorities(authorities), under))
  return { secret, authorities, step }
}

/** Writes the bundle into every entry that has another one. A configuration that is not there yet is told once it is. */
async function tellBundle(client: KubernetesClient, name: string, bundle: string): Promise<boolean> {
  const path = `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/${name}`
  const webhooks = (await client.find(path))?.['webhooks']
  const value = Buffer.from(bundle).toString('base64')
  const operations = (Array.isArray(webhooks) ? webhooks : []).flatMap((webhook: unknown, index) => {
    const clientConfig = isJsonObject(webhook) && isJsonObject(webhook['clientConfig']) ? webhook['clientConfig'] : {}
    if (clientConfig['caBundle'] === value || !isJsonObject(webhook)) return []
    // Entries are told apart by name: one that was moved meanwhile is met at the next look.
    return [
      { op: 'test', path: `/webhooks/${index}/name`, value: webhook['name'] },
      { op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value },
    ]
  })
  if (operations.length === 0) return false
  await client.patch(path, operations)
  return true
}

async function serve(client: KubernetesClient, { served, hosts }: TendOptions, authorities: Authorities, now: number): Promise<boolean> {
  const found = await client.find(secretPath(served))
  const content = found === undefined ? {} : contentOf(found)
  const [cert, key, bundle] = [content['tls.crt'], content['tls.key'], bundleOf(authorities)]
  const asked = { authority: authorities.current, hosts, now }
  const isGood = cert !== undefined && key !== undefined && isGoodServer({ cert, key }, asked)
  if (isGood && content['ca.crt'] === bundle) return false
  const pair = isGood ? { cert, key } : await issueServerCertificate(authorities.current, { hosts, now })
  const fresh = secretOf(served, { 'tls.crt': pair.cert, 'tls.key': pair.key, 'ca.crt': bundle }, found ?? { type: 'kubernetes.io/tls' })
  if (found === undefined) await client.create(secretsPath(served.namespace), fresh)
  else await client.replace(secretPath(served), fresh)
  return true
}
