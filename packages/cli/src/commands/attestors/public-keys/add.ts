import { parseSignatureAlgorithm, SCHEMES } from '@countersign/evidence/key/algorithm.ts'
import { type Tree, textIn } from '../../../connection/api.ts'
import { type Context, fullName, shortName } from '../../../context.ts'
import { UsageError } from '../../../terminal.ts'
import type { Given } from '../../given.ts'
import type { Verb } from '../../verb.ts'
import { changeAttestor, keysOf, withKeys } from '../change-attestor.ts'

export const addPublicKey: Verb = {
  usage: 'add',
  summary: 'Add a public key to an attestor',
  details: 'A PGP key’s id is its fingerprint; a PKIX key’s is the digest of the key, unless another is chosen.',
  examples: [
    'countersign attestors public-keys add --attestor=manually-verified --project demo --pgp-public-key-file=generated-key.pgp',
    'countersign attestors public-keys add --attestor=built --project demo \\\n      --pkix-public-key-file=key.pub.pem --pkix-public-key-algorithm=ecdsa-p256-sha256',
  ],
  options: [
    { flags: '--attestor <attestor>', summary: 'the attestor: an id or a full name' },
    { flags: '--pgp-public-key-file <file>', summary: 'what gpg --armor --export KEY prints', aliases: ['--public-key-file'] },
    { flags: '--pkix-public-key-file <file>', summary: 'PEM, as openssl pkey -pubout prints it' },
    { flags: '--pkix-public-key-algorithm <algorithm>', summary: 'how the key signs, such as ecdsa-p256-sha256' },
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

async function readKey(context: Context, given: Given): Promise<Tree> {
  const [pgp, pkix, id] = ['--pgp-public-key-file', '--pkix-public-key-file', '--public-key-id-override'].map((flag) => given.text(flag))
  const comment = given.text('--comment')
  const described = comment === undefined ? {} : { comment }
  if ((pgp === undefined) === (pkix === undefined)) throw new UsageError('Exactly one of --pgp-public-key-file and --pkix-public-key-file is needed')
  if (pgp !== undefined) {
    if (id !== undefined) throw new UsageError('--public-key-id-override may not be used with old-style PGP keys')
    return { ...described, asciiArmoredPgpPublicKey: await readText(context, pgp) }
  }
  const signatureAlgorithm = acceptAlgorithm(given.required('--pkix-public-key-algorithm'))
  const pkixPublicKey = { publicKeyPem: await readText(context, pkix ?? ''), signatureAlgorithm }
  return { ...(id === undefined ? {} : { id }), ...described, pkixPublicKey }
}

async function readText(context: Context, file: string): Promise<string> {
  return new TextDecoder().decode(await context.terminal.files.read(file))
}

function acceptAlgorithm(text: string): string {
  const algorithm = parseSignatureAlgorithm(text)
  if (algorithm !== undefined) return algorithm
  const known = Object.keys(SCHEMES).map((name) => name.toLowerCase().replaceAll('_', '-'))
  throw new UsageError(`Algorithm "${text}" is not known: expected one of ${known.join(', ')}`)
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
