import { readFileSync } from 'node:fs'
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { gnupgHome } from '../harness/gnupg.ts'
import { tempFolder } from '../harness/temp-folder.ts'
import type { Hand } from './hand.ts'
import { DIGEST, NGINX } from './story.ts'

/** The human attestor's part: note, key, attestor, payload, signature, attestation. */
export async function vouch(t: TestContext, hand: Hand): Promise<void> {
  const person = gnupgHome()
  t.after(() => person.stop())
  const folder = tempFolder()
  const [keyFile, payloadFile, signatureFile] = ['key.pgp', 'payload.json', 'signature.pgp'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  await hand.createNote('Human-Attestor-Note')
  await person.gpg(['--passphrase', '', '--quick-generate-key', 'attestor@example.com'])
  await person.gpg(['--armor', '--output', keyFile, '--export', 'attestor@example.com'])
  await hand.createAttestor('manually-verified', 'Human-Attestor-Note')
  await hand.addPgpKey('manually-verified', keyFile)
  assert.match(await hand.listAttestors(), /manually-verified/)
  const listed = await person.gpg(['--with-colons', '--list-keys', 'attestor@example.com'])
  const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(listed)?.[1] ?? ''
  await hand.writePayload(`${NGINX}@${DIGEST}`, payloadFile)
  await person.gpg(['--local-user', 'attestor@example.com', '--armor', '--output', signatureFile, '--sign', payloadFile])
  assert.match(readFileSync(signatureFile, 'utf8'), /^-----BEGIN PGP MESSAGE-----/)
  await hand.createAttestation('manually-verified', { artifactUrl: `${NGINX}@${DIGEST}`, payloadFile, signatureFile, fingerprint })
  assert.match(await hand.listAttestations('manually-verified'), new RegExp(fingerprint))
}
