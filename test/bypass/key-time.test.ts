import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { formatSignaturePayload } from '@countersign/evidence/payload/signature-payload.ts'
import { loadOpenPgp } from '@countersign/evidence/pgp/library.ts'
import { makePgpPair, type PgpPair } from '@countersign/evidence/testing/pgp-keys.ts'
import { DIGEST, must, podOf, REPOSITORY, requiring, type Session, startSession } from './session.ts'

/*
 * Class C5 (peers.md §4.2): who holds a key that has expired or was revoked can sign and backdate. All keys here were made on 2026-01-01 and sign on
 * 2026-02-01; what counts is when the store received what they signed, which is now.
 */
let session: Session
const DAY = 86_400
const REVOKED_AT = new Date('2026-03-01T00:00:00Z')
const PAYLOAD = formatSignaturePayload({ repository: REPOSITORY, digest: DIGEST })

before(async () => {
  session = await startSession()
})

/** The public key, revoked for one of the RFC's reasons. */
async function revoke({ armoredPrivateKey }: PgpPair, flag: number): Promise<string> {
  const library = await loadOpenPgp()
  const key = await library.readPrivateKey({ armoredKey: armoredPrivateKey })
  const revoked = await library.revokeKey({ key, reasonForRevocation: { flag }, date: REVOKED_AT, format: 'object' })
  return revoked.publicKey.armor()
}

/** Makes attestor and note `id`, and the policy that wants just this attestor. */
async function trust(id: string, asciiArmored: string): Promise<string> {
  const note = `projects/p1/notes/${id}`
  await must(session.api('POST', `/v1/projects/p1/notes?noteId=${id}`, { attestation: { hint: { humanReadableName: id } } }))
  await must(session.api('POST', `/v1/projects/p1/attestors?attestorId=${id}`, attestorOf(note, asciiArmored)))
  await must(session.api('PUT', '/v1/projects/p1/policy', requiring(`projects/p1/attestors/${id}`)))
  return note
}

function attestorOf(noteReference: string, asciiArmoredPgpPublicKey: string): object {
  return { userOwnedGrafeasNote: { noteReference, publicKeys: [{ asciiArmoredPgpPublicKey }] } }
}

/** Stores what the key signed, through either version of the API, and claims that it has been there for long. */
async function attest(noteName: string, pair: PgpPair): Promise<void> {
  const signature = Buffer.from(await pair.sign(PAYLOAD)).toString('base64')
  const serializedPayload = Buffer.from(PAYLOAD).toString('base64')
  const times = { createTime: '2026-02-02T00:00:00Z', updateTime: '2026-02-02T00:00:00Z' }
  const signatures = [{ publicKeyId: pair.key.id, signature }]
  const uri = `https://${REPOSITORY}@${DIGEST}`
  await must(
    session.api('POST', '/v1/projects/p1/occurrences', {
      noteName,
      resourceUri: uri,
      ...times,
      attestation: { serializedPayload, signatures },
    }),
  )
  const genericSignedAttestation = { contentType: 'SIMPLE_SIGNING_JSON', serializedPayload, signatures }
  await session.api('POST', '/v1beta1/projects/p1/occurrences', {
    noteName,
    resource: { uri: `${uri.replace('team', 'other')}` },
    ...times,
    attestation: { attestation: { genericSignedAttestation } },
  })
}

const judge = () => session.ask(podOf(`${REPOSITORY}@${DIGEST}`))

for (const [id, shape] of Object.entries({
  expired: async (pair: PgpPair) => pair.key.asciiArmored,
  superseded: (pair: PgpPair) => revoke(pair, 1),
  compromised: (pair: PgpPair) => revoke(pair, 2),
  retired: (pair: PgpPair) => revoke(pair, 3),
})) {
  test(`class C5: what a key signed before it was ${id} does not count when it comes afterwards, whatever times the client gives`, async () => {
    const pair = await makePgpPair(id === 'expired' ? { lifeSeconds: 40 * DAY } : {})
    await attest(await trust(id, await shape(pair)), pair)
    assert.equal(await judge(), 'DENIED')
  })
}

test('class C7: a revocation counts with the next admission, although the signature was checked before', async () => {
  const pair = await makePgpPair()
  const note = await trust('living', pair.key.asciiArmored)
  await attest(note, pair)
  assert.equal(await judge(), 'ALLOWED')
  await must(session.api('PUT', '/v1/projects/p1/attestors/living', attestorOf(note, await revoke(pair, 2))))
  assert.equal(await judge(), 'DENIED')
})

test('class C5: of two copies of a key in two blocks of one attestor, the revoked one counts', async () => {
  const [pair, other] = [await makePgpPair(), await makePgpPair()]
  const library = await loadOpenPgp()
  const note = await trust('copies', pair.key.asciiArmored)
  await attest(note, pair)
  const revoked = await library.readKey({ armoredKey: await revoke(pair, 2) })
  const both = library.armor(
    library.enums.armor.publicKey,
    Buffer.concat([(await library.readKey({ armoredKey: other.key.asciiArmored })).write(), revoked.write()]),
  )
  const publicKeys = [pair.key.asciiArmored, String(both)].map((asciiArmoredPgpPublicKey) => ({ asciiArmoredPgpPublicKey }))
  await must(session.api('PUT', '/v1/projects/p1/attestors/copies', { userOwnedGrafeasNote: { noteReference: note, publicKeys } }))
  assert.equal(await judge(), 'DENIED')
})
