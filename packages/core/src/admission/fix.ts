import { hasHidden } from '../hidden-character.ts'
import type { ImageReference } from '../image/reference.ts'
import { idOf, projectOf } from '../name/resource-name.ts'
import type { AttestorVerdict, DenyReason, Fix } from './decision.ts'
import type { AdmissionRequest, WorkloadImage } from './request.ts'

/** A warning of an admission answer is cut after 256 characters, so a fix must fit with the two characters that join it. */
const MAX_WARNING = 256
const SAFE_WORD = /^[A-Za-z0-9_@%+=:,./-]+$/

/** The smallest change that would admit a denied image: one command, and what it does. */
export function suggestFix(image: WorkloadImage, reason: DenyReason, request: AdmissionRequest): Fix {
  if (image.reference === undefined) return correctReference()
  if (reason.code === 'ALWAYS_DENY') return exempt(image.reference, request)
  if (reason.code === 'NOT_ATTESTED') return fixAttestors(image.reference, reason.by, request)
  return pinDigest(image.reference)
}

/** A fix as one line of at most 256 characters: what it does, and the command to copy. */
export function formatFix(fix: Fix): string {
  return `${fix.explanation}: ${fix.command}`
}

/**
 * Quotes a word for a POSIX shell. What a shell would not take as one plain word stands in single quotes; a text with
 * control or invisible characters is never put into a command, the caller's placeholder is.
 */
export function quoteShellWord(word: string, placeholder: string): string {
  if (hasHidden(word) || word === '') return placeholder
  return SAFE_WORD.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

function correctReference(): Fix {
  return {
    explanation: 'Correct the image: it is not a valid reference, and this prints one by digest',
    command: 'countersign images describe IMAGE',
  }
}

function exempt(reference: ImageReference, request: AdmissionRequest): Fix {
  const namespace = ` --namespace ${quoteShellWord(request.scope.namespace, 'NAMESPACE')}`
  const rest = ' --owner "$USER" --reason REASON --expires-in 24h'
  const pattern = quoteShellWord(reference.text, 'IMAGE')
  const project = ` --project ${request.project}`
  const forGood = fitOrNothing('Exempt this image for a day; for good, add the pattern to admissionWhitelistPatterns', [
    `countersign exemptions create --pattern ${pattern}${namespace}${project}${rest}`,
    `countersign exemptions create --pattern ${pattern}${namespace}${rest}`,
  ])
  return (
    forGood ??
    fit('Exempt this image for a day', [
      `countersign exemptions create --pattern ${pattern}${namespace}${project}${rest}`,
      `countersign exemptions create --pattern ${pattern}${namespace}${rest}`,
      `countersign exemptions create --pattern IMAGE${namespace}${project}${rest}`,
      `countersign exemptions create --pattern IMAGE${namespace}${rest}`,
      `countersign exemptions create --pattern IMAGE --namespace NAMESPACE${rest}`,
    ])
  )
}

function pinDigest(reference: ImageReference): Fix {
  if (reference.text.includes('@')) return listDigests(reference)
  const image = quoteShellWord(reference.text, 'IMAGE')
  return fit('Deploy the image by its sha256 digest, which this prints', [
    `countersign images describe ${image}`,
    'countersign images describe IMAGE',
  ])
}

function listDigests({ domain, path }: ImageReference): Fix {
  const repository = quoteShellWord(`${domain}/${path}`, 'REPOSITORY')
  return fit('Deploy the image by a sha256 digest, as this prints them', [
    `countersign images list-tags ${repository}`,
    'countersign images list-tags REPOSITORY',
  ])
}

function fixAttestors(reference: ImageReference, by: readonly AttestorVerdict[], request: AdmissionRequest): Fix {
  const unsatisfied = by.filter((verdict) => !verdict.satisfied)
  const [first] = unsatisfied
  if (first === undefined)
    return { explanation: 'Name an attestor in the rule, which requires attestations by none', command: 'countersign policy export' }
  const more = unsatisfied.length > 1 ? ` (1 of ${unsatisfied.length} attestors)` : ''
  return fixAttestor(reference, first, more, request)
}

function fixAttestor(reference: ImageReference, { attestor, cause }: AttestorVerdict, more: string, request: AdmissionRequest): Fix {
  const name = quoteShellWord(attestor, 'ATTESTOR')
  const id = quoteShellWord(idOf(attestor), 'ATTESTOR')
  switch (cause) {
    case 'ATTESTOR_ABSENT':
      return fit(`Create the attestor that the rule names, save the policy again, attest${more}`, [
        `countersign attestors create ${id} --project ${projectOf(attestor)} --attestation-authority-note NOTE`,
        'countersign attestors create ATTESTOR --attestation-authority-note NOTE',
      ])
    case 'ATTESTOR_NOT_GRANTED':
      return fit(`Ask its owner to grant ${request.project} the use of this attestor${more}`, [
        `countersign attestors describe ${name}`,
        'countersign attestors describe ATTESTOR',
      ])
    case 'ATTESTOR_HAS_NO_KEY':
      return fit(`Give the attestor a public key, then attest${more}`, [
        `countersign attestors public-keys add --attestor ${name} --pgp-public-key-file KEY.asc`,
        'countersign attestors public-keys add --attestor ATTESTOR --pgp-public-key-file KEY.asc',
      ])
    default: {
      // Normalised: an artifact URL names its registry, and the digest is all that an attestation speaks of.
      const artifact = quoteShellWord(`${reference.domain}/${reference.path}@${reference.digest}`, 'IMAGE')
      return fit(`Attest the image${more}`, [
        `countersign attestations sign-and-create --artifact-url=${artifact} --attestor=${name}`,
        `countersign attestations sign-and-create --artifact-url=IMAGE --attestor=${name}`,
        'countersign attestations sign-and-create --artifact-url=IMAGE --attestor=ATTESTOR',
      ])
    }
  }
}

/** The first command that fits, from the most to the least exact; the last always does. */
function fit(explanation: string, commands: readonly string[]): Fix {
  return fitOrNothing(explanation, commands) ?? { explanation, command: commands.at(-1) ?? '' }
}

function fitOrNothing(explanation: string, commands: readonly string[]): Fix | undefined {
  const command = commands.find((one) => one.length + explanation.length + 2 <= MAX_WARNING)
  return command === undefined ? undefined : { explanation, command }
}
