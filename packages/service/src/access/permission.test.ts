import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseClusterKey } from '@countersign/core/name/resource-name.ts'
import { getValue } from '../changes/invalid.ts'
import { ADMIN, callerOf } from '../testing/callers.ts'
import { refusalOf } from '../testing/thrown.ts'
import type { Caller } from './caller.ts'
import { mayCall, requirePermission } from './permission.ts'

test('§5.4: a refusal speaks the original’s words', async () => {
  const work = async () => requirePermission(callerOf('viewer', 'my-project'), 'containeranalysis.notes.create', 'projects/my-project')
  assert.deepEqual(await refusalOf(work()), {
    code: 'PERMISSION_DENIED',
    message: 'permission "containeranalysis.notes.create" denied for project "my-project", entity ID ""',
  })
})

test('roles: admin writes, attestor attaches to the notes it names, viewer reads', () => {
  const note = 'projects/p1/notes/n'
  const callers = [ADMIN, callerOf('attestor', 'p1', [note]), callerOf('viewer', 'p1')]
  const ask = (permission: Parameters<typeof mayCall>[1], resource: string): readonly boolean[] =>
    callers.map((caller) => mayCall(caller, permission, resource))
  assert.deepEqual(ask('binaryauthorization.policy.get', 'projects/p1/policy'), [true, true, true])
  assert.deepEqual(ask('binaryauthorization.policy.update', 'projects/p1/policy'), [true, false, false])
  assert.deepEqual(ask('containeranalysis.occurrences.create', 'projects/p1'), [true, true, false])
  assert.deepEqual(ask('containeranalysis.notes.attachOccurrence', note), [true, true, false])
  assert.deepEqual(ask('containeranalysis.notes.attachOccurrence', 'projects/p1/notes/n2'), [true, false, false])
  assert.deepEqual(ask('countersign.clusters.getSegment', 'projects/p1'), [true, false, false])
})

test('a caller of project p1 has nothing in p12 or in the server as a whole', () => {
  const admin = callerOf('admin', 'p1')
  assert.equal(mayCall(admin, 'binaryauthorization.policy.get', 'projects/p12/policy'), false)
  assert.equal(mayCall(admin, 'countersign.projects.create', 'projects'), false)
})

test('a named note may be attached to from another project', () => {
  assert.equal(mayCall(callerOf('attestor', 'p1', ['projects/p2/notes/n']), 'containeranalysis.notes.attachOccurrence', 'projects/p2/notes/n'), true)
})

test('everybody may read what scanners write, and nobody of another project may write there', () => {
  const viewer = callerOf('viewer', 'p1')
  assert.equal(mayCall(viewer, 'containeranalysis.notes.get', 'projects/goog-analysis/notes/CVE-1'), true)
  assert.equal(mayCall(viewer, 'binaryauthorization.policy.get', 'projects/goog-analysis/policy'), false)
  assert.equal(mayCall(callerOf('admin', 'p1'), 'containeranalysis.notes.create', 'projects/goog-analysis'), false)
})

test('a call on the whole server with a token of one project is refused with just that', () => {
  assert.throws(() => requirePermission(callerOf('viewer', 'p1'), 'countersign.audit.list', 'projects'), {
    code: 'PERMISSION_DENIED',
    message: 'permission "countersign.audit.list" denied for the server as a whole: this token is good in project "p1" only',
  })
})

test('a gate may follow and ship at its own cluster and do nothing else; nobody else may', () => {
  const gate: Caller = { ...callerOf('gate', 'p1'), cluster: getValue(parseClusterKey('eu.prod')) }
  const own = 'projects/p1/clusters/eu.prod'
  assert.equal(mayCall(gate, 'countersign.gates.follow', own), true)
  assert.equal(mayCall(gate, 'countersign.gates.ship', own), true)
  for (const other of ['projects/p1', 'projects/p1/clusters/eu.test', 'projects/p1/clusters/eu.prod/x', 'projects/p12/clusters/eu.prod', 'projects'])
    assert.equal(mayCall(gate, 'countersign.gates.follow', other), false, other)
  assert.equal(mayCall(gate, 'binaryauthorization.policy.get', 'projects/p1/policy'), false)
  assert.equal(mayCall(gate, 'containeranalysis.notes.get', 'projects/goog-analysis/notes/CVE-1'), false)
  for (const caller of [ADMIN, callerOf('admin', 'p1'), callerOf('viewer', 'p1')]) assert.equal(mayCall(caller, 'countersign.gates.ship', own), false)
})
