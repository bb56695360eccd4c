import type { Signer } from '@countersign/evidence/sign/signer.ts'
import type { Context } from '../../context.ts'
import { UsageError } from '../../terminal.ts'
import type { Given } from '../given.ts'
import type { VerbOption } from '../verb.ts'
import { findKeyUri, KEY_OPTIONS, openNamedKey, readKeyOptions } from './named-key.ts'

const ALGORITHM = '--pkix-private-key-algorithm'

export const SIGNING_OPTIONS: readonly VerbOption[] = [
  ...KEY_OPTIONS,
  { flags: '--gpg-key <key>', summary: 'sign with gpg and this key of its keyring: a fingerprint, or an e-mail address' },
  { flags: '--pgp-secret-key-file <file>', summary: 'sign with what gpg --armor --export-secret-keys KEY printed' },
  { flags: '--pkix-private-key-file <file>', summary: 'sign with a private key, PEM' },
  {
    flags: `${ALGORITHM} <algorithm>`,
    summary: 'how the key signs, such as ecdsa-p256-sha256 (default: what a KMS says, else the first that fits the key)',
    aliases: ['--pkix-public-key-algorithm'],
  },
  { flags: '--public-key-id-override <id>', summary: 'id of the key on the attestor, where it is not the default one' },
]

/** The older options, and the kind of URI that each stands for. */
const FILES: Readonly<Record<string, string>> = { '--gpg-key': 'gpg:', '--pgp-secret-key-file': 'file:', '--pkix-private-key-file': 'file:' }

/** Opens the one key that the options name. */
export async function openSigner(context: Context, given: Given): Promise<Signer> {
  const uri = findKeyUri(context, given)
  const named = [...(uri === undefined ? [] : ['--key']), ...Object.keys(FILES).filter((flag) => given.has(flag))]
  const [flag] = named
  if (flag === undefined || named.length > 1) {
    throw new UsageError(
      named.length === 0 ? 'No key to sign with was named' : `Only one of ${named.join(' and ')} can be given`,
      'Name one with --key URI, --gpg-key KEY, --pgp-secret-key-file FILE, or --pkix-private-key-file FILE --pkix-private-key-algorithm ALGORITHM',
    )
  }
  if (flag === '--pkix-private-key-file') given.required(ALGORITHM)
  const options = await readKeyOptions(context, given, ALGORITHM)
  const { signer } = await openNamedKey(context, uri ?? `${FILES[flag]}${given.required(flag)}`, options)
  return options.publicKeyId === undefined ? signer : { ...signer, publicKeyId: options.publicKeyId }
}
