import { selectPlatforms } from '@countersign/core/vulnerability/platform.ts'
import { formatSignaturePayload } from '@countersign/evidence/payload/signature-payload.ts'
import type { SignPart, SigningRequest } from '@countersign/service/signing/sign-image.ts'
import type { WaitOptions } from '@countersign/service/signing/wait-for-scan.ts'
import type { Api } from '../../connection/api.ts'
import type { OrderedPlatform } from './find-platforms.ts'
import { formatKritisPayload } from './kritis-payload.ts'
import type { SignerOrder } from './read-order.ts'
import { makeAttestations } from './stored-attestations.ts'
import { makeScans } from './stored-scans.ts'

/** How the parts are made: over which server, for which platforms where the image is an index, and who hears of waiting. */
export interface PartOptions {
  readonly api: Api
  readonly platforms?: readonly OrderedPlatform[]
  readonly onWait?: NonNullable<WaitOptions['onWait']>
}

/** The parts of a signing request. No part signs an image without a digest. */
export function partsOf(order: SignerOrder, options: PartOptions): Pick<SigningRequest, 'check' | 'sign'> {
  return { ...checkOf(order, options), sign: [...platformsToSign(order, options), order].flatMap((one) => signOf(one, options)) }
}

function checkOf(order: SignerOrder, { api, platforms, onWait }: PartOptions): Pick<SigningRequest, 'check'> {
  if (order.check === undefined) return {}
  const { policy, timeoutMs } = order.check
  const waiting = { policy, timeoutMs, ...(onWait === undefined ? {} : { onWait }) }
  if (platforms === undefined) return { check: { ...waiting, scans: makeScans(api, order) } }
  const scanned = platforms.map(({ platform, digest }) => ({ platform, digest, scans: makeScans(api, ofManifest(order, digest)) }))
  return { check: { ...waiting, platforms: scanned } }
}

/** What is attested beside an index is what counted in it (DESIGN §3). */
function platformsToSign(order: SignerOrder, { platforms = [] }: PartOptions): readonly SignerOrder[] {
  const declared = order.check?.policy.semantics === 'STRICT' ? order.check.policy.platforms : undefined
  const { counting } = selectPlatforms(platforms, declared)
  return [...new Set(counting.map(({ digest }) => digest))].map((digest) => ofManifest(order, digest))
}

function ofManifest(order: SignerOrder, digest: OrderedPlatform['digest']): SignerOrder {
  return { ...order, image: { ...order.image, digest, resourceUri: `https://${order.image.repository}@${digest}` } }
}

function signOf(order: SignerOrder, { api }: PartOptions): readonly SignPart[] {
  const { image, sign, asKritis } = order
  if (sign === undefined || image.digest === undefined) return []
  const enough = sign.overwrite ? 'NONE' : asKritis ? 'ANY_SIGNATURE' : 'SAME_KEY'
  const { repository, digest } = image
  const payload = asKritis ? formatKritisPayload(repository, digest) : formatSignaturePayload({ repository, digest })
  return [{ attestations: makeAttestations(api, order, sign), digest, payload, key: sign.key, enough }]
}
