import { formatSignaturePayload } from '@countersign/evidence/payload/signature-payload.ts'
import type { SigningRequest } from '@countersign/service/signing/sign-image.ts'
import type { WaitOptions } from '@countersign/service/signing/wait-for-scan.ts'
import type { Api } from '../../connection/api.ts'
import type { SignerOrder } from './read-order.ts'
import { makeAttestations } from './stored-attestations.ts'
import { makeScans } from './stored-scans.ts'

/** The parts of a signing request, over the server's API. No part signs an image without a digest. */
export function partsOf(order: SignerOrder, api: Api, onWait: NonNullable<WaitOptions['onWait']>): Pick<SigningRequest, 'check' | 'sign'> {
  const { image, check, sign, asKritis } = order
  const checkPart = check === undefined ? {} : { check: { policy: check.policy, timeoutMs: check.timeoutMs, scans: makeScans(api, order), onWait } }
  if (sign === undefined || image.digest === undefined) return checkPart
  const enough = sign.overwrite ? 'NONE' : asKritis ? 'ANY_SIGNATURE' : 'SAME_KEY'
  const payload = formatSignaturePayload({ repository: image.repository, digest: image.digest })
  return { ...checkPart, sign: { attestations: makeAttestations(api, order, sign), digest: image.digest, payload, key: sign.key, enough } }
}
