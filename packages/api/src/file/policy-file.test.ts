import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Issue } from '@countersign/core/parsed.ts'
import { parsePolicyFile } from './policy-file.ts'

const YAML = 'yaml' as const

function issuesOf(text: string, format: 'yaml' | 'json' = YAML): readonly Issue[] {
  const parsed = parsePolicyFile(text, { format })
  return parsed.ok ? [] : parsed.issues
}

describe('parsePolicyFile()', () => {
  test('§1.8: reads an export back, with what only the service writes', () => {
    const parsed = parsePolicyFile(
      `defaultAdmissionRule:
  enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG
  evaluationMode: ALWAYS_DENY
etag: '"Gt8iumzkM0IC"'
globalPolicyEvaluationMode: ENABLE
name: projects/p/policy
updateTime: '2024-05-12T05:12:08.150271Z'
`,
      { format: YAML },
    )
    assert.ok(parsed.ok)
    const { policy, ...written } = parsed.value
    assert.equal(policy.defaultAdmissionRule.evaluationMode, 'ALWAYS_DENY')
    assert.deepEqual(written, { name: 'projects/p/policy', etag: '"Gt8iumzkM0IC"', updateTime: '2024-05-12T05:12:08.150271Z' })
  })

  test('gives each issue its line and column', () => {
    const issues = issuesOf('defaultAdmissionRule:\n  evaluationMode: true\n  enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG\n  extra: 1\n')
    const places = issues.map(({ path, line, column }) => [path.join('.'), line, column])
    assert.deepEqual(
      new Set(places),
      new Set([
        ['defaultAdmissionRule.evaluationMode', 2, 3],
        ['defaultAdmissionRule.extra', 4, 3],
      ]),
    )
  })

  test('refuses duplicate keys, aliases, two documents, nothing at all', () => {
    assert.deepEqual(
      issuesOf('name: a\nname: b\n').map(({ line }) => line),
      [2],
    )
    assert.match(issuesOf('a: &a x\nb: *a\n')[0]?.message ?? '', /Aliases are not allowed/)
    assert.match(issuesOf('name: a\n---\nname: b\n')[0]?.message ?? '', /more than one document/)
    assert.match(issuesOf('# nothing\n')[0]?.message ?? '', /is empty/)
  })

  test('refuses YAML that calls itself JSON', () => {
    assert.match(issuesOf('name: a\n', 'json')[0]?.message ?? '', /not JSON/)
  })
})
