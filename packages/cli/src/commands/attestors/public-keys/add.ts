import { type Tree, textIn } from '../../../connection/api.ts'
import { type Context, fullName, shortName } from '../../../context.ts'
import { UsageError } from '../../../terminal.ts'
import type { Given } from '../../given.ts'
import type { Verb } from '../../verb.ts'
import { acceptAlgorithm, findKeyUri, KEY_OPTIONS, openNamedKey, readKeyOptions } from '../../attestations/named-key.ts'
import { changeAttestor, keysOf, withKeys } from '../change-attestor.ts'

export const addPublicKey: Verb = {
  usage: 'add',
  summary: 'Add a public key to an attestor',
  details: [
    'A PGP key’s id is its fingerprint; a PKIX key’s is the digest of the key, and of Cloud KMS the version’s name, unless another is chosen.',
    'By --key the public half of any key is read from where the key is kept; the secret half stays there.',
  ].join('\n'),
  examples: [
    'countersign attestors public-keys add --attestor=manually-verified --project demo --pgp-public-key-file=generated-key.pgp',
    'countersign attestors public-keys add --attestor=built --project demo \\\n      --pkix-public-key-file=key.pub.pem --pkix-public-key-algorithm=ecdsa-p256-sha256',
    'countersign attestors public-keys add --attestor=built --project demo --key=awskms:///alias/build',
    'countersign attestors public-keys add --attestor=built --project demo --keyversion=1 --keyversion-key=build \\\n      --keyversion-keyring=ci --keyversion-location=global --keyversion-project=keys',
  ],
  options: [
    { flags: '--attestor <attestor>', summary: 'the attestor: an id or a full name' },
    ...KEY_OPTIONS,
    { flags: '--pgp-public-key-file <file>', summary: 'what gpg --armor --export KEY prints', aliases: ['--public-key-file'] },
    { flags: '--pkix-public-key-file <file>', summary: 'PEM, as openssl pkey -pubout prints it' },
    {
      flags: '--pkix-public-key-algorithm <algorithm>',
      summary: 'how the key signs, such as ecdsa-p256-sha256; of a KMS key only where it leaves a choice',
    },
    { flags: '--public-key-id-override <id>', summary: 'id of a PKIX key, a text or URI (default: the digest of the key)' },
    { flags: '--comment <text>', summary: 'what people should know of the key' },
  ],
  async run(context, given) {
    const name = fullName(context, 'attestors', given.required('--attestor'))
    const key = await readKey(context, given)
    let before: readonly string[] = []
    const attestor = await changeAttestor(await context.api(), name, (stored) => {
      const keys = keysOf(stored)
      before = keys.map((one) => textIn(one, 'id'))
      refuseKnown(keys, key, shortName(stored))
      return withKeys(stored, [...keys, key])
    })
    await context.showOne(keysOf(attestor).find((one) => !before.includes(textIn(one, 'id'))) ?? key)
  },
}

const SOURCES = ['--key', '--keyversion', '--pgp-public-key-file', '--pkix-public-key-file']

async function readKey(context: Context, given: Given): Promise<Tree> {
  const [pgp, pkix, id] = ['--pgp-public-key-file', '--pkix-public-key-file', '--public-key-id-override'].map((flag) => given.text(flag))
  const comment = given.text('--comment')
  const described = comment === undefined ? {} : { comment }
  if (SOURCES.filter((flag) => given.has(flag)).length !== 1) throw new UsageError(`Exactly one of ${SOURCES.join(', ')} is needed`)
  const uri = findKeyUri(context, given)
  if (uri !== undefined) return { ...(await readKeptKey(context, given, uri)), ...described }
  if (pgp !== undefined) {
    if (id !== undefined) throw noOverride()
    return { ...described, asciiArmoredPgpPublicKey: await readText(context, pgp) }
  }
  const signatureAlgorithm = acceptAlgorithm(given.required('--pkix-public-key-algorithm'))
  const pkixPublicKey = { publicKeyPem: await readText(context, pkix ?? ''), signatureAlgorithm }
  return { ...(id === undefined ? {} : { id }), ...described, pkixPublicKey }
}

async function readKeptKey(context: Context, given: Given, uri: string): Promise<Tree> {
  const options = await readKeyOptions(context, given, '--pkix-public-key-algorithm')
  const { publicKey } = await openNamedKey(context, uri, options)
  if (publicKey.type === 'PGP') {
    if (options.publicKeyId !== undefined) throw noOverride()
    return { asciiArmoredPgpPublicKey: publicKey.asciiArmored }
  }
  const { id, publicKeyPem, signatureAlgorithm } = publicKey
  return { id, pkixPublicKey: { publicKeyPem, signatureAlgorithm } }
}

function noOverride(): UsageError {
  return new UsageError('--public-key-id-override may not be used with old-style PGP keys')
}

async function readText(context: Context, file: string): Promise<string> {
  return new TextDecoder().decode(await context.terminal.files.read(file))
}

/** The original's words (binary-authorization.md §4.1). */
function refuseKnown(keys: readonly Tree[], key: Tree, attestor: string): void {
  const id = textIn(key, 'id')
  if (id !== '' && keys.some((one) => textIn(one, 'id') === id))
    throw new UsageError(`Public key with ID [${id}] already present on attestor [${attestor}]`)
  const armor = textIn(key, 'asciiArmoredPgpPublicKey')
  if (armor !== '' && keys.some((one) => textIn(one, 'asciiArmoredPgpPublicKey') === armor)) {
    throw new UsageError(`Provided public key already present on attestor [${attestor}]`)
  }
}
