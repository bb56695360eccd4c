import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { PemPair } from './authority.ts'

/*
 * How an authority is replaced without a gap. At no moment is a certificate shown whose authority is not in the bundle that clients hold:
 *
 *   current                       bundle: current
 *   current + next                bundle: current, next        … until everybody must have the bundle (settled since `bundledAt`)
 *   current (was next) + previous bundle: current, previous    … until nobody shows the old certificate (settled since `switchedAt`)
 *   current                       bundle: current
 *
 * Whoever keeps the state writes it before acting on it, so that a stop between two effects is made good by the next pass.
 */
const DAY_MS = 24 * 3600 * 1000
/** An authority is replaced a year before its end. */
const REPLACE_MS = 365 * DAY_MS
/** A server certificate lasts 90 days and is replaced 30 before its end. */
const RENEW_MS = 30 * DAY_MS

/** The authorities of an installation, at any moment of a replacement. Times in milliseconds. */
export interface Authorities {
  /** Signs what is shown. */
  readonly current: PemPair
  /** Will sign; is being made known. */
  readonly next?: PemPair
  /** When every client was told of `next`; absent: not yet. */
  readonly bundledAt?: number
  /** Has signed what may still be shown. */
  readonly previous?: string
  readonly switchedAt?: number
}

export type RotationStep = 'NONE' | 'PREPARE' | 'SWITCH' | 'RETIRE'

/** What is to be done next. `settleMs`: within which every client has taken a bundle, and every door a certificate. */
export function nextStep(
  { current, next, bundledAt, previous, switchedAt }: Authorities,
  { now, settleMs, isAsked }: { readonly now: number; readonly settleMs: number; readonly isAsked: boolean },
): RotationStep {
  if (next !== undefined) return bundledAt !== undefined && now - bundledAt >= settleMs ? 'SWITCH' : 'NONE'
  if (previous !== undefined) return switchedAt === undefined || now - switchedAt >= settleMs ? 'RETIRE' : 'NONE'
  return isAsked || endOf(current.cert) - now < REPLACE_MS ? 'PREPARE' : 'NONE'
}

/** The authorities after a step. `fresh` is asked for a new one only where one is needed. */
export async function takeStep(
  authorities: Authorities,
  step: RotationStep,
  { now, fresh }: { readonly now: number; readonly fresh: () => Promise<PemPair> },
): Promise<Authorities> {
  const { current, next } = authorities
  switch (step) {
    case 'NONE':
      return authorities
    case 'PREPARE':
      return { current, next: await fresh() }
    case 'SWITCH':
      return next === undefined ? authorities : { current: next, previous: current.cert, switchedAt: now }
    case 'RETIRE':
      return { current }
  }
}

/** What clients must trust at this moment. */
export function bundleOf({ current, next, previous }: Authorities): string {
  return [current.cert, next?.cert, previous].filter((cert) => cert !== undefined).join('')
}

/** Whether a server certificate may go on being shown: signed by the current authority, for every name, and not near its end. */
export function isGoodServer(
  pair: PemPair,
  { authority, hosts, now }: { readonly authority: PemPair; readonly hosts: readonly string[]; readonly now: number },
): boolean {
  const certificate = new X509Certificate(pair.cert)
  const isNamed = hosts.every((host) => (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined)
  return isNamed && endOf(pair.cert) - now > RENEW_MS && certificate.verify(new X509Certificate(authority.cert).publicKey)
}

function endOf(cert: string): number {
  return Date.parse(new X509Certificate(cert).validTo)
}
