import { formatSignaturePayload } from '@countersign/evidence/payload/signature-payload.ts'
import { expiryFrom } from '../../duration.ts'
import type { Verb } from '../verb.ts'
import { acceptArtifactUrl } from './artifact.ts'
import { AUTHORITY_OPTIONS, findAuthority } from './authority.ts'
import { openSigner, SIGNING_OPTIONS } from './signing-key.ts'
import { storeAttestation } from './store.ts'

export const signAndCreateAttestation: Verb = {
  usage: 'sign-and-create',
  summary: 'Sign for an image and store the attestation',
  examples: [
    'countersign attestations sign-and-create --artifact-url="registry.example/app@sha256:02115bc7…" \\\n      --attestor=projects/demo/attestors/manually-verified --gpg-key=ann@example.com',
    'countersign attestations sign-and-create --artifact-url="registry.example/app@sha256:02115bc7…" \\\n      --attestor=projects/demo/attestors/built --key=awskms:///alias/build',
    'countersign attestations sign-and-create --artifact-url="registry.example/app@sha256:02115bc7…" \\\n      --attestor=projects/demo/attestors/built --pkix-private-key-file=key.pem --pkix-private-key-algorithm=ecdsa-p256-sha256',
  ],
  options: [
    { flags: '--artifact-url <image>', summary: 'the image by digest: REGISTRY/REPOSITORY@sha256:…' },
    ...AUTHORITY_OPTIONS,
    ...SIGNING_OPTIONS,
    { flags: '--expires-in <duration>', summary: 'how long the attestation counts, such as 90d; signed with it (default: for ever)' },
    { flags: '--validate', summary: 'store it only if it counts for the attestor' },
  ],
  async run(context, given) {
    const { resourceUri, repository, digest } = acceptArtifactUrl(given.required('--artifact-url'))
    const expiresIn = given.text('--expires-in')
    const optional = expiresIn === undefined ? {} : { optional: { expiry: expiryFrom(expiresIn, context.terminal.now()) } }
    const payload = formatSignaturePayload({ repository, digest, ...optional })
    const api = await context.api()
    const authority = await findAuthority(api, context, given)
    const signer = await openSigner(context, given)
    const signed = { resourceUri, payload, signature: await signer.sign(payload), publicKeyId: signer.publicKeyId }
    const options = given.has('--validate') ? ({ validate: 'FIRST' } as const) : {}
    await context.showOne(await storeAttestation({ api, context, authority }, signed, options))
  },
}
