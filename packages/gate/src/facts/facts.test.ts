import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { UnverifiedAttestation } from '@countersign/core/attestation/attestation.ts'
import type { ImageDigest } from '@countersign/core/image/reference.ts'
import fc from 'fast-check'
import { attestorWithKey, DIGEST, NOTE } from '../testing/factories.ts'
import { MemoryWorld } from '../testing/memory-world.ts'
import { Facts } from './facts.ts'
import { versionAttestor } from './versioned-attestor.ts'

const signer = attestorWithKey()
const asked = versionAttestor(signer.attestor, 'etag')

/** Applies the feed from `position` on, as the follower does. */
async function follow(world: MemoryWorld, facts: Facts, position: number): Promise<number> {
  for (const notice of await world.changesAfter(position)) facts.apply(notice)
  return world.position
}

it('a look-up that began before a change does not install what it saw: it asks again', async () => {
  const world = new MemoryWorld()
  const facts = new Facts(world, 1e6)
  const attestation = signer.attest(DIGEST)
  let release: () => void = () => {}
  world.beforeAnswer = () => new Promise((resolve) => (release = resolve))
  const looking = facts.gather(asked, DIGEST)
  world.addAttestation(attestation, DIGEST)
  await follow(world, facts, 0)
  world.beforeAnswer = () => Promise.resolve()
  release()
  const found = await looking
  assert.deepEqual(
    found.checked.map(({ outcome }) => outcome),
    ['VERIFIED'],
  )
  assert.equal(world.calls.findAttestations, 2)
  assert.deepEqual(facts.find(asked, DIGEST), found)
})

it('what was read at or after a change stays when its notice comes later', async () => {
  const world = new MemoryWorld()
  const facts = new Facts(world, 1e6)
  world.addAttestation(signer.attest(DIGEST), DIGEST)
  await facts.gather(asked, DIGEST)
  await follow(world, facts, 0)
  assert.ok(facts.find(asked, DIGEST) !== undefined)
})

it('an attestor with other keys, or on a note born again, is served nothing of before', async () => {
  const world = new MemoryWorld()
  const facts = new Facts(world, 1e6)
  world.addAttestation(signer.attest(DIGEST), DIGEST)
  await facts.gather(asked, DIGEST)
  const reborn = versionAttestor({ ...signer.attestor, noteUid: 'another' }, 'etag')
  assert.equal(facts.find(versionAttestor(signer.attestor, 'etag-2'), DIGEST), undefined)
  assert.equal(facts.find(reborn, DIGEST), undefined)
  assert.deepEqual((await facts.gather(reborn, DIGEST)).checked, [])
})

it('an occurrence that is no attestation makes nothing be forgotten', async () => {
  const world = new MemoryWorld()
  const facts = new Facts(world, 1e6)
  world.addAttestation(signer.attest(DIGEST), DIGEST)
  const found = await facts.gather(asked, DIGEST)
  facts.apply({ position: 5, project: 'prod-1' as never, kind: 'OCCURRENCE', name: 'projects/prod-1/occurrences/o', note: NOTE, digest: DIGEST })
  assert.deepEqual(facts.find(asked, DIGEST), found)
})

it('a deleted note takes what was known under it', async () => {
  const world = new MemoryWorld()
  const facts = new Facts(world, 1e6)
  await facts.gather(asked, DIGEST)
  facts.apply({ position: 5, project: 'prod-1' as never, kind: 'NOTE', name: NOTE })
  assert.equal(facts.find(asked, DIGEST), undefined)
})

it('a deleted project takes what it attested, on the notes of other projects too', async () => {
  const world = new MemoryWorld()
  const facts = new Facts(world, 1e6)
  await facts.gather(asked, DIGEST)
  facts.apply({ position: 5, project: 'builder' as never, kind: 'PROJECT', name: 'projects/builder' })
  assert.equal(facts.find(asked, DIGEST), undefined)
})

it('holds no more bytes than it may, and keeps what is asked for', async () => {
  const world = new MemoryWorld()
  const facts = new Facts(world, 10_000)
  await facts.gather(asked, DIGEST)
  for (let index = 0; index < 100; index++) {
    await facts.gather(asked, `sha256:${index.toString(16).padStart(64, '0')}` as ImageDigest)
    facts.find(asked, DIGEST)
    assert.ok(facts.bytes <= 10_000)
  }
  assert.ok(facts.find(asked, DIGEST) !== undefined)
})

it('a failed look-up is told to all who wait, and the next one asks again', async () => {
  const world = new MemoryWorld()
  const facts = new Facts(world, 1e6)
  world.away = true
  const settled = await Promise.allSettled([facts.gather(asked, DIGEST), facts.gather(asked, DIGEST)])
  world.away = false
  assert.deepEqual(
    settled.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  assert.deepEqual((await facts.gather(asked, DIGEST)).checked, [])
})

it('never serves what is older than a notice that was applied, whatever the order of changes, notices and answers', async () => {
  const action = fc.constantFrom('add', 'remove', 'follow', 'ask', 'turn')
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 30 }), fc.scheduler(), async (actions, scheduler) => {
      const world = new MemoryWorld()
      const facts = new Facts(world, 1e6)
      world.beforeAnswer = () => scheduler.schedule(Promise.resolve())
      const stored: UnverifiedAttestation[] = []
      let followed = 0
      const asking: Promise<unknown>[] = []
      for (const one of actions) {
        if (one === 'add') stored.push(addTo(world))
        const last = one === 'remove' ? stored.pop() : undefined
        if (last !== undefined) world.removeAttestation(last, DIGEST)
        if (one === 'follow') followed = await follow(world, facts, followed)
        if (one === 'ask') asking.push(facts.gather(asked, DIGEST).then((found) => assert.ok(found.position >= 0)))
        if (one === 'turn' && scheduler.count() > 0) await scheduler.waitOne()
        const known = facts.find(asked, DIGEST)
        if (known !== undefined) assert.ok(known.position >= lastTouched(await world.changesAfter(0), followed))
      }
      await scheduler.waitIdle()
      await Promise.all(asking)
    }),
    { numRuns: 200 },
  )
})

function addTo(world: MemoryWorld): UnverifiedAttestation {
  const attestation = signer.attest(DIGEST)
  world.addAttestation(attestation, DIGEST)
  return attestation
}

/** Position of the last change among those that were applied. */
function lastTouched(feed: readonly { readonly position: number }[], followed: number): number {
  return feed.findLast(({ position }) => position <= followed)?.position ?? 0
}
