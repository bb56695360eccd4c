import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Issue } from '@countersign/core/parsed.ts'
import { parseSigningPolicyFile } from './signing-policy-file.ts'

/** The policy of the founding document, comments included. */
const FOUNDING = `apiVersion: kritis.grafeas.io/v1beta1
kind: VulnzSigningPolicy
metadata:
  name: kritis-policy
spec:
  imageVulnerabilityRequirements:
    # ENUM: BLOCK_ALL/LOW/MEDIUM/HIGH/CRITICAL/ALLOW_ALL
    maximumFixableSeverity: CRITICAL
    maximumUnfixableSeverity: ALLOW_ALL
    allowlistCVEs: []
`

function issuesOf(text: string, reading: 'STRICT' | 'KRITIS' = 'STRICT'): readonly Issue[] {
  const parsed = parseSigningPolicyFile(text, { reading })
  return parsed.ok ? [] : parsed.issues
}

describe('parseSigningPolicyFile()', () => {
  test('reads the founding document’s policy in both readings', () => {
    for (const reading of ['STRICT', 'KRITIS'] as const) {
      const parsed = parseSigningPolicyFile(FOUNDING, { reading })
      assert.ok(parsed.ok)
      const { semantics, name, maximumFixableSeverity, maximumUnfixableSeverity } = parsed.value
      assert.deepEqual([semantics, name, maximumFixableSeverity, maximumUnfixableSeverity], [reading, 'kritis-policy', 'CRITICAL', 'ALLOW_ALL'])
    }
  })

  test('reads JSON as well', () => {
    assert.ok(
      parseSigningPolicyFile(
        '{"apiVersion":"kritis.grafeas.io/v1beta1","kind":"VulnzSigningPolicy","metadata":{"name":"p"},"spec":{"imageVulnerabilityRequirements":{}}}',
      ).ok,
    )
  })

  test('gives every issue at once, each with its line and column', () => {
    const text = FOUNDING.replace('VulnzSigningPolicy', 'ImageSecurityPolicy')
      .replace(': CRITICAL', ': critical')
      .replace('allowlistCVEs', 'allowlistCves')
    const places = issuesOf(text).map(({ path, line, column }) => [path.join('.'), line, column])
    assert.deepEqual(
      new Set(places),
      new Set([
        ['kind', 2, 1],
        ['spec.imageVulnerabilityRequirements.maximumFixableSeverity', 8, 5],
        ['spec.imageVulnerabilityRequirements.allowlistCves', 10, 5],
      ]),
    )
  })

  test('refuses duplicate keys, aliases, two documents, nothing at all', () => {
    assert.deepEqual(
      issuesOf(FOUNDING.replace('    allowlistCVEs', '    maximumFixableSeverity: LOW\n    allowlistCVEs')).map(({ line }) => line),
      [10],
    )
    assert.match(issuesOf('a: &a x\nb: *a\n')[0]?.message ?? '', /Aliases are not allowed/)
    assert.deepEqual(
      issuesOf(`${FOUNDING}---\n${FOUNDING}`).map(({ message, line }) => [message, line]),
      [['The signing policy file has more than one document, expected one', 12]],
    )
    assert.match(issuesOf('# nothing\n')[0]?.message ?? '', /is empty/)
  })

  test('§1.3: as kritis, the first document counts and an empty file is EOF', () => {
    const parsed = parseSigningPolicyFile(`${FOUNDING}---\nkind: Other\n`, { reading: 'KRITIS' })
    assert.equal(parsed.ok && parsed.value.name, 'kritis-policy')
    assert.deepEqual(
      issuesOf('', 'KRITIS').map(({ message }) => message),
      ['EOF'],
    )
  })
})
