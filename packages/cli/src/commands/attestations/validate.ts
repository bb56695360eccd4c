import { formatSignaturePayload } from '@countersign/evidence/payload/signature-payload.ts'
import { type Api, isTree, pathOf, textIn, type Tree, treesIn } from '../../connection/api.ts'
import { type Context, shortName } from '../../context.ts'
import { EXIT, type ExitCode } from '../../terminal.ts'
import type { Given } from '../given.ts'
import type { Verb } from '../verb.ts'
import { acceptArtifactUrl } from './artifact.ts'
import { findAuthority } from './authority.ts'
import { readSignature } from './create.ts'
import { findAttestations } from './find.ts'
import { attestationTree } from './store.ts'

/** What the server says of one attestation. */
interface Verdict {
  readonly occurrence: string
  readonly publicKeyIds: readonly string[]
  readonly result: string
  readonly denialReason?: string
}

/** The original's words, which stand before ours: said once in a table, they would be said in every line. */
const ORIGINAL_WORDS = 'No attestations found that were valid and signed by a key trusted by the attestor: '

export const validateAttestations: Verb = {
  usage: 'validate',
  summary: 'Say of each attestation whether it counts for an attestor, and why not',
  details: 'Of what is stored for an image, or of one signature that is stored nowhere yet. Exit code 0 where one counts, else 1.',
  examples: [
    'countersign attestations validate --attestor=projects/demo/attestors/manually-verified --artifact-url="registry.example/app@sha256:02115bc7…"',
    'countersign attestations validate --attestor=projects/demo/attestors/manually-verified --artifact-url="registry.example/app@sha256:02115bc7…" \\\n      --signature-file=signature.pgp --public-key-id=1A2B…90',
  ],
  options: [
    { flags: '--attestor <attestor>', summary: 'the attestor: an id or a full name' },
    { flags: '--attestor-project <id>', summary: 'project of the attestor (default: --project)' },
    { flags: '--artifact-url <image>', summary: 'the image by digest: REGISTRY/REPOSITORY@sha256:…' },
    { flags: '--signature-file <file>', summary: 'a signature that is stored nowhere yet; - for standard input' },
    { flags: '--public-key-id <id>', summary: 'id of its key on the attestor', aliases: ['--pgp-key-fingerprint'] },
    { flags: '--payload-file <file>', summary: 'what was signed (default: what create-signature-payload prints)' },
  ],
  async run(context, given): Promise<ExitCode> {
    given.required('--attestor')
    const { digest } = acceptArtifactUrl(given.required('--artifact-url'))
    const api = await context.api()
    const authority = await findAuthority(api, context, given)
    const candidates = given.has('--signature-file')
      ? [await readCandidate(context, given, authority.note)]
      : await findAttestations(api, authority, digest)
    const verdicts: Verdict[] = []
    for (const candidate of candidates) verdicts.push(await validate(api, textIn(authority.attestor, 'name'), candidate))
    if (verdicts.length === 0) context.terminal.say(`No attestation of ${digest} hangs on ${authority.note}.`)
    else await show(context, verdicts)
    return verdicts.some(({ result }) => result === 'VERIFIED') ? EXIT.YES : EXIT.NO
  },
}

async function readCandidate(context: Context, given: Given, noteName: string): Promise<Tree> {
  const { resourceUri, repository, digest } = acceptArtifactUrl(given.required('--artifact-url'))
  const publicKeyId = given.required('--public-key-id')
  const signature = await readSignature(context, given.required('--signature-file'))
  const file = given.text('--payload-file')
  const payload = file === undefined ? formatSignaturePayload({ repository, digest }) : await context.terminal.files.read(file)
  return { name: '', noteName, resourceUri, attestation: attestationTree({ resourceUri, payload, signature, publicKeyId }) }
}

async function validate(api: Api, attestor: string, occurrence: Tree): Promise<Verdict> {
  const attestation = isTree(occurrence['attestation']) ? occurrence['attestation'] : {}
  const body = { attestation, occurrenceNote: textIn(occurrence, 'noteName'), occurrenceResourceUri: textIn(occurrence, 'resourceUri') }
  const answer = await api.call('POST', pathOf('/v1', attestor, ':validateAttestationOccurrence'), { body })
  const denialReason = textIn(answer, 'denialReason')
  return {
    occurrence: textIn(occurrence, 'name'),
    publicKeyIds: treesIn(attestation, 'signatures').map((signature) => textIn(signature, 'publicKeyId')),
    result: textIn(answer, 'result'),
    ...(denialReason === '' ? {} : { denialReason }),
  }
}

async function show(context: Context, verdicts: readonly Verdict[]): Promise<void> {
  await context.showRows(verdicts, [
    { heading: 'ATTESTATION', value: (row) => shortName({ name: textIn(row, 'occurrence') }) || '(not stored)' },
    { heading: 'KEY', value: 'publicKeyIds[]' },
    { heading: 'VERDICT', value: (row) => (textIn(row, 'result') === 'VERIFIED' ? 'counts' : 'does not count') },
    { heading: 'WHY', value: (row) => textIn(row, 'denialReason').replace(ORIGINAL_WORDS, '') },
  ])
}
