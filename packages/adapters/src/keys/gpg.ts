import type { KeyOptions, KeySurroundings, OpenedKey } from './opened-key.ts'
import { KeyRefusal } from './refusal.ts'

/** Opens a key of gpg's keyring. It signs through the program: its agent asks for the passphrase, smart cards work, and the secret never leaves it. */
export async function openGpgKey(key: string, _options: KeyOptions, { runProgram }: KeySurroundings): Promise<OpenedKey> {
  const refuse = (reason: string): KeyRefusal => new KeyRefusal('INVALID_ARGUMENT', { key, reason })
  const listed = await runProgram('gpg', ['--batch', '--with-colons', '--list-secret-keys', '--', key], new Uint8Array())
  const fingerprints = [...decode(listed.stdout).matchAll(/^sec:(?:[^\n]*\n(?!sec:))*?fpr:+([0-9A-F]{40}):/gm)].map((match) => match[1] ?? '')
  const [id] = fingerprints
  if (listed.code !== 0 || id === undefined) throw refuse(`gpg has no such secret key: ${lastLine(listed.stderr)}; its keys: gpg --list-secret-keys`)
  if (fingerprints.length > 1)
    throw refuse(`gpg has ${fingerprints.length} such secret keys: name one by its fingerprint, ${fingerprints.join(' or ')}`)
  const exported = await runProgram('gpg', ['--batch', '--armor', '--export', '--', id], new Uint8Array())
  if (exported.code !== 0) throw refuse(`gpg does not export the public key ${id}: ${lastLine(exported.stderr)}`)
  const sign = async (payload: Uint8Array): Promise<Uint8Array> => {
    const signed = await runProgram('gpg', ['--local-user', id, '--armor', '--sign', '--output', '-'], payload)
    if (signed.code === 0 && signed.stdout.length > 0) return signed.stdout
    throw new KeyRefusal('FAILED_PRECONDITION', { key: id, reason: `gpg did not sign: ${lastLine(signed.stderr)}` })
  }
  return { signer: { publicKeyId: id, sign }, publicKey: { type: 'PGP', id, asciiArmored: decode(exported.stdout) } }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
