import { formatSignaturePayload } from '@countersign/evidence/payload/signature-payload.ts'
import type { Context } from '../../context.ts'
import type { Verb } from '../verb.ts'
import { acceptArtifactUrl } from './artifact.ts'
import { AUTHORITY_OPTIONS, findAuthority } from './authority.ts'
import { storeAttestation } from './store.ts'

export const createAttestation: Verb = {
  usage: 'create',
  summary: 'Store an attestation that was signed elsewhere',
  examples: [
    'countersign attestations create --artifact-url="registry.example/app@sha256:02115bc7…" \\\n      --attestor=projects/demo/attestors/manually-verified --signature-file=signature.pgp --public-key-id=1A2B…90',
  ],
  options: [
    { flags: '--artifact-url <image>', summary: 'the image by digest: REGISTRY/REPOSITORY@sha256:…' },
    ...AUTHORITY_OPTIONS,
    { flags: '--signature-file <file>', summary: 'the signature: a PGP message, or the raw bytes of a PKIX signature; - for standard input' },
    { flags: '--public-key-id <id>', summary: 'id of the key on the attestor', aliases: ['--pgp-key-fingerprint'] },
    { flags: '--payload-file <file>', summary: 'what was signed (default: what create-signature-payload prints)' },
    { flags: '--validate', summary: 'store it only if it counts for the attestor' },
  ],
  async run(context, given) {
    const { resourceUri, repository, digest } = acceptArtifactUrl(given.required('--artifact-url'))
    const publicKeyId = given.required('--public-key-id')
    const signature = await readSignature(context, given.required('--signature-file'))
    const file = given.text('--payload-file')
    const payload = file === undefined ? formatSignaturePayload({ repository, digest }) : await context.terminal.files.read(file)
    const api = await context.api()
    const authority = await findAuthority(api, context, given)
    const options = given.has('--validate') ? ({ validate: 'FIRST' } as const) : {}
    await context.showOne(await storeAttestation({ api, context, authority }, { resourceUri, payload, signature, publicKeyId }, options))
  },
}

/** `-` is standard input, read as bytes. */
export async function readSignature(context: Context, file: string): Promise<Uint8Array> {
  return file === '-' ? await context.terminal.readInput() : await context.terminal.files.read(file)
}
