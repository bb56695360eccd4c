import { REGISTRY_OPTIONS } from '../images/registry.ts'
import type { VerbOption } from '../verb.ts'

/** Kritis signer's flags (kritis-and-grafeas.md §1.1), which may also be written as it does, and what it lacks. */
export const SIGNER_OPTIONS: readonly VerbOption[] = [
  { flags: '--mode <mode>', summary: 'check-and-sign (default), check-only or bypass-and-sign' },
  { flags: '--image <image>', summary: 'the image by digest: REGISTRY/REPOSITORY@sha256:…' },
  { flags: '--policy <file>', summary: 'the VulnzSigningPolicy, YAML or JSON' },
  { flags: '--vulnz-timeout <duration>', summary: 'how long the scan is waited for, such as 600s or 1h30m (default: 5m)' },
  { flags: '--note-name <note>', summary: 'the note to attach to: projects/PROJECT/notes/NOTE; made where it is absent' },
  { flags: '--attestation-project <id>', summary: 'project that keeps the attestation (default: --project, else the one in the image’s path)' },
  { flags: '--overwrite', summary: 'sign anew; this key’s earlier attestations are deleted when the new one holds' },
  { flags: '--pgp-private-key <file>', summary: 'sign with what gpg --armor --export-secret-keys KEY printed' },
  { flags: '--pkix-private-key <file>', summary: 'sign with a private key, PEM' },
  { flags: '--pkix-alg <algorithm>', summary: 'how it signs, such as ecdsa-p256-sha256' },
  { flags: '--gpg-key <key>', summary: 'sign with gpg and this key of its keyring: a fingerprint, or an e-mail address' },
  { flags: '--passphrase-file <file>', summary: 'file whose first line is the passphrase of the key (default: asked at a terminal)' },
  { flags: '--pgp-passphrase <text>', summary: 'the passphrase itself, which every process of this machine can read: better --passphrase-file' },
  {
    flags: '--kms-key-name <name>',
    summary: 'sign with a key version of Cloud KMS: projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/N',
  },
  { flags: '--kms-digest-alg <algorithm>', summary: 'its hash, SHA256, SHA384 or SHA512 (default: what the key version says)' },
  {
    flags: '--key <uri>',
    summary:
      'sign with any key: gcpkms://, awskms://, azurekms://, hashivault://, pkcs11:, gpg:KEY or a key file; --pkix-alg where it leaves a choice',
  },
  { flags: '--all-platforms', summary: 'the image is an index: check and sign every platform of it, as its registry lists them' },
  ...REGISTRY_OPTIONS,
  { flags: '--listen <address>', summary: 'serve this over HTTP on 127.0.0.1:PORT: POST {"image": …} to /check-only or /check-and-sign' },
  { flags: '--listen-token-file <file>', summary: 'with --listen, the token that every request must bear' },
  { flags: '--kritis-compat', summary: 'read the policy, judge, log and end exactly as kritis signer' },
  { flags: '--stderrthreshold <level>', summary: 'with --kritis-compat, the least log line that is shown: INFO, WARNING, ERROR (default) or FATAL' },
]

/** Which kinds of keys sign, in one sentence. */
export const KEY_KINDS =
  'Name one with --key URI, --kms-key-name VERSION, --pgp-private-key FILE, --gpg-key KEY, or --pkix-private-key FILE --pkix-alg ALGORITHM'
