import type { Parsed } from '@countersign/core/parsed.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Signer } from '@countersign/evidence/sign/signer.ts'
import type { Context } from '../../context.ts'
import { type Terminal, UsageError } from '../../terminal.ts'
import type { Given } from '../given.ts'
import type { VerbOption } from '../verb.ts'

export const SIGNING_OPTIONS: readonly VerbOption[] = [
  { flags: '--gpg-key <key>', summary: 'sign with gpg and this key of its keyring: a fingerprint, or an e-mail address' },
  { flags: '--pgp-secret-key-file <file>', summary: 'sign with what gpg --armor --export-secret-keys KEY printed' },
  { flags: '--pkix-private-key-file <file>', summary: 'sign with a private key, PEM' },
  { flags: '--pkix-private-key-algorithm <algorithm>', summary: 'how it signs, such as ecdsa-p256-sha256', aliases: ['--pkix-public-key-algorithm'] },
  { flags: '--passphrase-file <file>', summary: 'file whose first line is the passphrase of the key' },
  { flags: '--public-key-id-override <id>', summary: 'id of the key on the attestor, where it is not the default one' },
]

const KEYS = ['--gpg-key', '--pgp-secret-key-file', '--pkix-private-key-file']

/** Opens the one key that the options name. */
export async function openSigner(context: Context, given: Given): Promise<Signer> {
  const named = KEYS.filter((flag) => given.has(flag))
  const [flag] = named
  if (flag === undefined || named.length > 1) {
    throw new UsageError(
      named.length === 0 ? 'No key to sign with was named' : `Only one of ${named.join(' and ')} can be given`,
      'Name one with --gpg-key KEY, --pgp-secret-key-file FILE, or --pkix-private-key-file FILE --pkix-private-key-algorithm ALGORITHM',
    )
  }
  const signer = await openNamed(context, given, flag)
  const id = given.text('--public-key-id-override')
  return id === undefined ? signer : { ...signer, publicKeyId: id }
}

async function openNamed(context: Context, given: Given, flag: string): Promise<Signer> {
  const { terminal } = context
  const value = given.required(flag)
  if (flag === '--gpg-key') return await openGpgSigner(terminal, value)
  const secret = decode(await terminal.files.read(value))
  const passphraseFile = given.text('--passphrase-file')
  const passphrase = passphraseFile === undefined ? {} : { passphrase: decode(await terminal.files.read(passphraseFile)).split(/\r?\n/)[0] ?? '' }
  if (flag === '--pgp-secret-key-file') {
    const { openPgpSigner } = await import('@countersign/evidence/sign/pgp-signer.ts')
    return accept(await openPgpSigner({ armoredPrivateKey: secret, ...passphrase, now: () => terminal.now() }), value)
  }
  const signatureAlgorithm = given.required('--pkix-private-key-algorithm')
  const { openPkixSigner } = await import('@countersign/evidence/sign/pkix-signer.ts')
  return accept(openPkixSigner({ privateKeyPem: secret, ...passphrase, signatureAlgorithm }), value)
}

function accept(parsed: Parsed<Signer>, file: string): Signer {
  if (parsed.ok) return parsed.value
  throw new UsageError(`Cannot sign with "${file}": ${parsed.issues.map(({ message }) => message).join('; ')}`)
}

/** Signs through the gpg program: its agent asks for the passphrase, smart cards work, and the secret never leaves it. */
async function openGpgSigner(terminal: Terminal, key: string): Promise<Signer> {
  const listed = await terminal.runProgram('gpg', ['--batch', '--with-colons', '--list-secret-keys', '--', key], new Uint8Array())
  const fingerprints = [...decode(listed.stdout).matchAll(/^sec:(?:[^\n]*\n(?!sec:))*?fpr:+([0-9A-F]{40}):/gm)].map((match) => match[1] ?? '')
  const [publicKeyId] = fingerprints
  if (listed.code !== 0 || publicKeyId === undefined)
    throw new UsageError(`gpg has no secret key "${key}": ${lastLine(listed.stderr)}`, 'Its keys: gpg --list-secret-keys')
  if (fingerprints.length > 1)
    throw new UsageError(`gpg has ${fingerprints.length} secret keys for "${key}": name one by its fingerprint`, fingerprints.join('\n'))
  return {
    publicKeyId,
    sign: async (payload) => {
      const signed = await terminal.runProgram('gpg', ['--local-user', publicKeyId, '--armor', '--sign', '--output', '-'], payload)
      if (signed.code === 0 && signed.stdout.length > 0) return signed.stdout
      throw new StatusError('FAILED_PRECONDITION', `gpg did not sign with key ${publicKeyId}: ${lastLine(signed.stderr)}`)
    },
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
