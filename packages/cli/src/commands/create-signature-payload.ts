import { formatSignaturePayload } from '@countersign/evidence/payload/signature-payload.ts'
import { acceptArtifactUrl } from './attestations/artifact.ts'
import type { Verb } from './verb.ts'

export const createSignaturePayload: Verb = {
  usage: 'create-signature-payload',
  summary: 'Print the bytes that an attestor signs',
  details: 'Sign exactly what is printed, with its last line feed. Asks no server.',
  examples: [
    'countersign create-signature-payload --artifact-url="registry.example/app@sha256:02115bc7…" > payload.json',
    'gpg --armor --output signature.pgp --sign payload.json',
  ],
  options: [{ flags: '--artifact-url <image>', summary: 'the image by digest: REGISTRY/REPOSITORY@sha256:…' }],
  async run(context, given) {
    const { repository, digest } = acceptArtifactUrl(given.required('--artifact-url'))
    context.terminal.write(formatSignaturePayload({ repository, digest }))
  },
}
