import assert from 'node:assert/strict'
import { afterEach, beforeEach, suite, test } from 'node:test'
import type { AttestorPublicKey } from '@countersign/core/attestation/attestor.ts'
import { attestor, type ContractStore, exemption, LATER, policy, project, readAll, requiring } from './contract-store.ts'
import { refusalOf } from './thrown.ts'

const A = 'projects/p1/attestors/a'
const B = 'projects/p1/attestors/b'

/** What every store promises of policies, attestors and exemptions: the current version of each, and every version that ever was. */
export function policyContract(name: string, open: () => Promise<ContractStore>): void {
  suite(`${name}: policy`, () => {
    let store: ContractStore
    beforeEach(async () => {
      store = await open()
      await store.changes.commit(async (tables) => {
        for (const id of ['p1', 'p2']) await tables.insertProject(project(id))
      })
    })
    afterEach(() => store.close())

    test('a project that never stored a policy has none', async () => {
      assert.equal(await store.changes.read((tables) => tables.findPolicy(project('p1').id)), undefined)
    })

    test('the newest policy holds, and former ones are found by their etag', async () => {
      const first = policy('p1', '"1"', { admissionWhitelistPatterns: [{ namePattern: 'registry.example/*' }] })
      const second = policy('p1', '"2"', { description: 'ö\u2028"', clusterAdmissionRules: { 'eu.prod': requiring(A).defaultAdmissionRule } })
      await store.changes.commit((tables) => tables.putPolicy(first))
      await store.changes.commit((tables) => tables.putPolicy(second))
      const { id } = project('p1')
      assert.deepEqual(
        await store.changes.read(async (tables) => [
          await tables.findPolicy(id),
          await tables.findPolicyVersion(id, '"1"'),
          await tables.findPolicyVersion(id, '"2"'),
          await tables.findPolicyVersion(project('p2').id, '"1"'),
        ]),
        [second, first, second, undefined],
      )
    })

    test('policiesNaming() knows the current policies only', async () => {
      await store.changes.commit(async (tables) => {
        await tables.putPolicy(policy('p1', '"1"', requiring(A)))
        await tables.putPolicy(policy('p2', '"2"', { kubernetesNamespaceAdmissionRules: { prod: requiring(A).defaultAdmissionRule } }))
      })
      const naming = (attestorName: string) => store.changes.read((tables) => tables.policiesNaming(attestor(attestorName).attestor.name))
      assert.deepEqual(await naming(A), ['p1', 'p2'])
      await store.changes.commit((tables) => tables.putPolicy(policy('p1', '"3"', requiring(B))))
      assert.deepEqual([await naming(A), await naming(B)], [['p2'], ['p1']])
    })

    test('a policy means the attestor that bore the name when it was put, until it is put again', async () => {
      const [first, reborn] = [attestor(A, { uid: 'uid-first' }, '"1"'), attestor(A, { uid: 'uid-reborn' }, '"2"')]
      const { id } = project('p1')
      const meant = () => store.changes.read((tables) => tables.findNamedAttestor(id, first.attestor.name))
      await store.changes.commit(async (tables) => {
        await tables.putAttestor(first)
        await tables.putPolicy(policy('p1', '"1"', requiring(A)))
      })
      assert.deepEqual(await meant(), first)
      await store.changes.commit((tables) => tables.deleteAttestor(first.attestor.name))
      assert.equal(await meant(), undefined)
      await store.changes.commit((tables) => tables.putAttestor(reborn))
      assert.equal(await meant(), undefined)
      await store.changes.commit((tables) => tables.putPolicy(policy('p1', '"2"', requiring(A))))
      assert.deepEqual(await meant(), reborn)
    })

    test('the newest attestor holds, former ones are found by uid and etag, even of one since deleted', async () => {
      const first = attestor(A, { description: 'first' }, '"1"')
      const second = attestor(A, { publicKeys: [] }, '"2"')
      await store.changes.commit((tables) => tables.putAttestor(first))
      await store.changes.commit((tables) => tables.putAttestor(second))
      assert.deepEqual(await store.changes.read((tables) => tables.findAttestor(first.attestor.name)), second)
      await store.changes.commit((tables) => tables.deleteAttestor(first.attestor.name))
      assert.equal(await store.changes.read((tables) => tables.findAttestor(first.attestor.name)), undefined)
      assert.deepEqual(await store.changes.read((tables) => tables.findAttestorVersion(first.attestor.uid, '"1"')), first)
      const reborn = attestor(A, { uid: 'another' }, '"3"')
      await store.changes.commit((tables) => tables.putAttestor(reborn))
      assert.deepEqual(await store.changes.read((tables) => tables.findAttestor(first.attestor.name)), reborn)
    })

    test('attestors are listed by name', async () => {
      await store.changes.commit(async (tables) => {
        for (const id of ['c', 'a', 'b']) await tables.putAttestor(attestor(`projects/p1/attestors/${id}`))
      })
      const listed = await store.changes.read((tables) => readAll((page) => tables.listAttestors(project('p1').id, page), 2))
      assert.deepEqual(
        listed.map(({ attestor: found }) => found.name),
        ['a', 'b', 'c'].map((id) => `projects/p1/attestors/${id}`),
      )
    })

    test('attestors of any project are found by their note and by a key they hold now', async () => {
      const pgp: AttestorPublicKey = { type: 'PGP', id: 'F'.repeat(40), comment: 'ann', asciiArmored: 'ARMOR' }
      const shared = attestor(A, {}, '"1"')
      const other = attestor('projects/p2/attestors/z', { publicKeys: [...shared.attestor.publicKeys, pgp] })
      await store.changes.commit(async (tables) => {
        await tables.putAttestor(shared)
        await tables.putAttestor(other)
      })
      const { note } = shared.attestor
      assert.deepEqual(await store.changes.read((tables) => tables.attestorsOfNote(note)), [shared, other])
      assert.deepEqual(await store.changes.read((tables) => tables.attestorsWithKey('key-1')), [shared, other])
      assert.deepEqual(await store.changes.read((tables) => tables.attestorsWithKey(pgp.id)), [other])
      await store.changes.commit((tables) => tables.putAttestor(attestor('projects/p2/attestors/z', { publicKeys: [pgp] }, '"2"')))
      assert.deepEqual(await store.changes.read((tables) => tables.attestorsWithKey('key-1')), [shared])
    })

    test('an attestor that holds two keys of one id is found by it once', async () => {
      const [key] = attestor(A).attestor.publicKeys
      assert(key !== undefined)
      const twice = attestor(A, { publicKeys: [key, { ...key, comment: 'again' }] })
      await store.changes.commit((tables) => tables.putAttestor(twice))
      assert.deepEqual(await store.changes.read((tables) => tables.attestorsWithKey(key.id)), [twice])
    })

    test('exemptions come back as they went in, by project and id', async () => {
      const digest = exemption('p1', 'by-digest')
      const { namespace: _, ...anywhere } = digest.exemption
      const second = { ...digest, createTime: LATER, exemption: { ...anywhere, subject: { digest: `sha256:${'c'.repeat(64)}` } } }
      await store.changes.commit(async (tables) => {
        await tables.insertExemption(exemption('p1', 'a'))
        await tables.insertExemption(second)
        await tables.insertExemption(exemption('p2', 'a'))
      })
      const { id } = project('p1')
      assert.deepEqual(await store.changes.read((tables) => readAll((page) => tables.listExemptions(id, page), 1)), [exemption('p1', 'a'), second])
      assert.equal((await refusalOf(store.changes.commit((tables) => tables.insertExemption(exemption('p1', 'a'))))).code, 'ALREADY_EXISTS')
      await store.changes.commit((tables) => tables.deleteExemption(id, 'a'))
      assert.equal(await store.changes.read((tables) => tables.findExemption(id, 'a')), undefined)
      assert.deepEqual(await store.changes.read((tables) => tables.findExemption(project('p2').id, 'a')), exemption('p2', 'a'))
    })
  })
}
