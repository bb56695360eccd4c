import type { Verb } from '../verb.ts'
import { acceptArtifactUrl } from './artifact.ts'
import { findAttestorName, findAuthority } from './authority.ts'
import { findAttestations, findAttestationsIn } from './find.ts'

export const listAttestations: Verb = {
  usage: 'list',
  summary: 'List attestations: of an attestor, or all that are stored in the project',
  examples: [
    'countersign attestations list --attestor=projects/demo/attestors/manually-verified',
    'countersign attestations list --project demo --artifact-url="registry.example/app@sha256:02115bc7…"',
  ],
  options: [
    { flags: '--attestor <attestor>', summary: 'only those on its note: an id or a full name' },
    { flags: '--attestor-project <id>', summary: 'project of the attestor (default: --project)' },
    { flags: '--artifact-url <image>', summary: 'only those of this image’s digest' },
  ],
  async run(context, given) {
    const url = given.text('--artifact-url')
    const digest = url === undefined ? undefined : acceptArtifactUrl(url).digest
    const api = await context.api()
    if (findAttestorName(context, given) === undefined) return await context.showDocuments(await findAttestationsIn(api, context.project(), digest))
    await context.showDocuments(await findAttestations(api, await findAuthority(api, context, given), digest))
  },
}
