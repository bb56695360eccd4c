import assert from 'node:assert/strict'
import { type TestContext, suite, test } from 'node:test'
import type { ImageDigest } from '@countersign/core/image/reference.ts'
import type { AttestorName, ProjectId } from '@countersign/core/name/resource-name.ts'
import { Facts } from '../facts/facts.ts'
import type { WorldSource } from '../ports.ts'
import { Follower } from '../world/follower.ts'
import { memoryLog, stillSurroundings } from './factories.ts'

/** A store behind a source, and a hand that changes it. Each change gives its position. */
export interface WorldHand {
  readonly source: WorldSource
  readonly project: ProjectId
  readonly attestor: AttestorName
  readonly digest: ImageDigest
  /** A policy that requires the attestor, or one that names nobody. */
  putPolicy(naming: 'ATTESTOR' | 'NOBODY'): Promise<number>
  /** Stores an attestation of the digest, under the attestor's note, whose payload is this text. */
  attest(payload: string): Promise<number>
  withdraw(payload: string): Promise<number>
}

/** What every WorldSource promises. `open` gives a source over a project whose policy requires the attestor, that knows no attestation yet. */
export function worldSourceContract(name: string, open: (t: TestContext) => Promise<WorldHand>): void {
  suite(`${name}: world source`, () => {
    test('the world and the project in it are the same, at the feed’s end', async (t) => {
      const { source, project, attestor, putPolicy } = await open(t)
      const position = await putPolicy('ATTESTOR')
      const { position: seen, projects } = await source.loadWorld()
      const world = projects.find((one) => one.project === project)
      assert.deepEqual(await source.loadProject(project), { position: seen, world })
      assert.ok(seen >= position)
      assert.equal(world?.attestors[attestor]?.state, 'PRESENT')
      assert.deepEqual(world.policy.defaultAdmissionRule.requireAttestationsBy, [attestor])
    })

    test('a project that is not there has no world', async (t) => {
      const { source } = await open(t)
      assert.equal((await source.loadProject('nobody-made-it' as ProjectId)).world, undefined)
    })

    test('changes are told once, in order, up to the feed’s end', async (t) => {
      const { source, digest, putPolicy, attest } = await open(t)
      const before = (await source.loadWorld()).position
      const positions = [await attest('one'), await putPolicy('ATTESTOR')]
      const changes = await source.changesAfter(before)
      assert.deepEqual(
        changes.filter(({ kind }) => kind === 'ATTESTATION' || kind === 'POLICY').map((change) => [change.position, change.kind, change.digest]),
        [
          [positions[0], 'ATTESTATION', digest],
          [positions[1], 'POLICY', undefined],
        ],
      )
      assert.ok(changes.every((change, index) => change.position >= (changes[index - 1]?.position ?? before)))
      assert.equal(changes.at(-1)?.position, positions[1])
      assert.deepEqual(await source.changesAfter(positions[1] ?? 0), [])
    })

    test('attestations come as they were stored, with the position at which that was all', async (t) => {
      const { attest, withdraw, ...hand } = await open(t)
      const position = await attest('one')
      const found = await find(hand)
      assert.ok(found.position >= position)
      assert.deepEqual(
        found.attestations.map(({ serializedPayload }) => Buffer.from(serializedPayload).toString()),
        ['one'],
      )
      await withdraw('one')
      assert.deepEqual((await find(hand)).attestations, [])
    })

    test('nothing outlives its withdrawal, though the policy named the attestor before and after and not when it happened', async (t) => {
      const { source, attestor, digest, attest, withdraw, putPolicy } = await open(t)
      const facts = new Facts(source, 1e6)
      const follower = new Follower({
        source,
        surroundings: stillSurroundings(),
        log: memoryLog(),
        pollIntervalMs: 60_000,
        onChange: (notice) => facts.apply(notice),
        onReload: (position) => facts.forgetBefore(position),
      })
      t.after(() => follower.stop())
      await attest('one')
      await follower.start()
      const gather = async (): Promise<number> => {
        const versioned = [...follower.world.projects.values()]
          .flatMap(({ versioned: all }) => [...all.values()])
          .find((one) => one.attestor.name === attestor)
        assert.ok(versioned !== undefined)
        return (await facts.gather(versioned, digest)).checked.length
      }
      assert.equal(await gather(), 1)
      for (const wakeBetween of [true, false]) {
        await putPolicy('NOBODY')
        if (wakeBetween) await follower.wake()
        await withdraw('one')
        if (wakeBetween) await follower.wake()
        await follower.wake(await putPolicy('ATTESTOR'))
        assert.equal(await gather(), 0)
        await follower.wake(await attest('one'))
        assert.equal(await gather(), 1)
      }
    })
  })
}

async function find({ source, project, attestor, digest }: Pick<WorldHand, 'source' | 'project' | 'attestor' | 'digest'>) {
  const named = (await source.loadProject(project)).world?.attestors[attestor]
  assert.ok(named?.state === 'PRESENT')
  return await source.findAttestations(named.attestor.note, named.attestor.noteUid, digest)
}
