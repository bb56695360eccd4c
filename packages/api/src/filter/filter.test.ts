import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Issue, Parsed } from '@countersign/core/parsed.ts'
import fc from 'fast-check'
import type { Filter } from './filter.ts'
import { parseLogFilter, parseResourceFilter } from './filter.ts'

function ready(parsed: Parsed<Filter>): Filter {
  assert.ok(parsed.ok, JSON.stringify(parsed))
  return parsed.value
}

function issueOf(text: string): Issue | undefined {
  const parsed = parseLogFilter(text)
  return parsed.ok ? undefined : parsed.issues[0]
}

const DIGEST = `sha256:${'ab'.repeat(32)}`
const OCCURRENCE = {
  name: 'projects/p/occurrences/o',
  kind: 'ATTESTATION',
  noteName: 'projects/p/notes/n',
  noteProjectId: 'p',
  noteId: 'n',
  resourceUri: `gcr.io/p/i@${DIGEST}`,
  createTime: '2024-05-12T05:31:37.647232Z',
  attestation: { signatures: [{ publicKeyId: 'a' }, { publicKeyId: 'b' }] },
}

describe('parseResourceFilter(): what clients really send (§4.8)', () => {
  const passing = [
    '',
    `resourceUrl="https://gcr.io/p/i@${DIGEST}" AND noteProjectId="p" AND noteId="n"`,
    `resourceUrl="https://gcr.io/p/i@${DIGEST}" AND kind="ATTESTATION_AUTHORITY"`,
    `resource_url="gcr.io/p/i@${DIGEST}" AND kind="ATTESTATION"`,
    `has_suffix(resourceUrl, "${DIGEST}")`,
    `has_suffix( resource.uri,"${DIGEST}" ) kind=ATTESTATION`,
    `has_prefix(resourceUri, "https://gcr.io/p/")`,
    `resourceUrl="x" OR resourceUrl="gcr.io/p/i@${DIGEST}"`,
    '(kind="BUILD" OR kind="ATTESTATION") AND note_id="n"',
    'createTime>="2024-05-12T05:31:37.647231Z" createTime<"2024-05-12T07:31:37.647233+02:00"',
    'attestation.signatures.publicKeyId="b"',
    'attestation.signatures[1].public_key_id="b"',
    'attestation:signatures AND NOT remediation:*',
  ]
  for (const text of passing) test(text, () => assert.ok(ready(parseResourceFilter(text)).matches(OCCURRENCE)))

  const failing = [
    'kind="PACKAGE_VULNERABILITY"',
    'kind="attestation"',
    'noteId!="n"',
    'remediation!="x"',
    `has_suffix(resourceUrl, "x${DIGEST}")`,
    'attestation.signatures[0].publicKeyId="b"',
    'createTime>"2024-05-12T05:31:37.647232Z"',
    '__proto__:*',
    'constructor:*',
  ]
  for (const text of failing) test(`not: ${text}`, () => assert.ok(!ready(parseResourceFilter(text)).matches(OCCURRENCE)))

  test('tells what it demands in every case, under any of the names', () => {
    const filter = ready(parseResourceFilter(`resource_url="https://gcr.io/p/i@${DIGEST}" AND (kind="PACKAGE_VULNERABILITY" noteId="n")`))
    assert.equal(filter.demanded('resourceUri'), `gcr.io/p/i@${DIGEST}`)
    assert.equal(filter.demanded('resource.uri'), `gcr.io/p/i@${DIGEST}`)
    assert.equal(filter.demanded('kind'), 'VULNERABILITY')
    assert.equal(ready(parseResourceFilter(`kind="A" OR kind="B"`)).demanded('kind'), undefined)
    assert.equal(ready(parseResourceFilter(`NOT kind="A"`)).demanded('kind'), undefined)
    assert.equal(ready(parseResourceFilter(`has_suffix(resourceUrl, "${DIGEST}")`)).demandedSuffix('resourceUrl'), DIGEST)
  })
})

const ENTRY = {
  logName: 'projects/p/logs/cloudaudit.googleapis.com%2Factivity',
  severity: 'ERROR',
  timestamp: '2024-05-12T05:12:08.150271Z',
  resource: { type: 'k8s_cluster', labels: { cluster_name: 'prod' } },
  labels: { 'imagepolicywebhook.image-policy.k8s.io/break-glass': 'true' },
  protoPayload: {
    methodName: 'io.k8s.core.v1.pods.create',
    status: { code: 7, message: 'PERMISSION_DENIED' },
    request: { metadata: { annotations: { 'alpha.image-policy.k8s.io/break-glass': 'true' } } },
    response: { status: 'Failure', reason: 'VIOLATES_POLICY' },
    authorizationInfo: [{ permission: 'pods.create', granted: true }],
  },
}

describe('parseLogFilter()', () => {
  const passing = [
    'resource.type="k8s_cluster" protoPayload.status.message="PERMISSION_DENIED"',
    'resource.type="k8s_cluster" protoPayload.request.metadata.annotations."alpha.image-policy.k8s.io/break-glass"="true"',
    'protoPayload.response.status="Failure"\n(protoPayload.response.reason="VIOLATES_POLICY" OR protoPayload.response.reason="Forbidden")',
    'protoPayload.response.reason=("VIOLATES_POLICY" OR "Forbidden")',
    'labels."imagepolicywebhook.image-policy.k8s.io/break-glass"="true"',
    '"image-policy.k8s.io/break-glass"',
    'violates_policy',
    'resource.type=K8S_CLUSTER',
    'protoPayload.status.code=7 AND protoPayload.status.code>=7 AND protoPayload.status.code<10',
    'severity>=WARNING AND NOT severity>=CRITICAL',
    'timestamp>="2024-05-12" timestamp<2024-05-13T00:00:00Z',
    'protoPayload.methodName=~"^io\\.k8s\\..*\\.(create|update)$"',
    'protoPayload.methodName!~"delete$"',
    'protoPayload.authorizationInfo.granted=true',
    'protoPayload.methodName:"pods" -protoPayload.methodName:"deployments"',
    'resource.labels.cluster_name="prod"',
    'proto_payload.method_name:*',
    'severity="ERROR" AND severity="INFO" OR severity="ERROR"',
  ]
  for (const text of passing) test(text, () => assert.ok(ready(parseLogFilter(text)).matches(ENTRY)))

  const failing = [
    'resource.type="k8s_cluster" protoPayload.status.message="OK"',
    'NOT severity="ERROR"',
    '-"break-glass"',
    'protoPayload.nothing!="x"',
    'protoPayload.methodName=~"^create"',
    'severity=("INFO" OR "NOTICE")',
    'severity="INFO" severity="ERROR" OR severity="ERROR"',
    'labels."imagepolicywebhook.image-policy.k8s.io/dry-run"="true"',
  ]
  for (const text of failing) test(`not: ${text}`, () => assert.ok(!ready(parseLogFilter(text)).matches(ENTRY)))

  test('OR binds tighter than AND: a AND b OR c is a AND (b OR c)', () => {
    const { expression } = ready(parseLogFilter('a=1 AND b=2 OR c=3'))
    assert.equal(expression.type, 'AND')
    assert.deepEqual(expression.type === 'AND' ? expression.operands.map(({ type }) => type) : [], ['RESTRICTION', 'OR'])
  })
})

describe('what is refused, and where', () => {
  const cases: readonly [text: string, line: number, column: number, message: RegExp][] = [
    ['a="x', 1, 3, /no closing quote/],
    ["a='x'", 1, 3, /double quotes/],
    ['a=', 1, 3, /Expected a value, found the end/],
    ['a==b', 1, 3, /Expected a value, found "="/],
    ['a AND', 1, 6, /after AND/],
    ['AND a', 1, 1, /before AND/],
    ['a OR', 1, 5, /Expected a field or a text, found the end/],
    ['OR a', 1, 1, /before OR/],
    ['(a', 1, 3, /Expected '\)'/],
    ['a)', 1, 2, /Expected the end/],
    ['a=1\nfoo(b)', 2, 1, /Unknown function, expected has_suffix or has_prefix/],
    ['has_suffix(a, b)', 1, 15, /double quotes/],
    ['a=~"(?=x)"', 1, 1, /group other than/],
    ['a=~"\\\\1"', 1, 1, /not supported/],
    [`${'('.repeat(60)}a`, 1, 52, /nested deeper/],
    ['NOT '.repeat(60), 1, 204, /nested deeper/],
    ['a=~"(a{1000}){1000}"', 1, 1, /too large/],
  ]
  for (const [text, line, column, message] of cases) {
    test(text.slice(0, 40), () => {
      const issue = issueOf(text)
      assert.match(issue?.message ?? '', message)
      assert.deepEqual([issue?.line, issue?.column], [line, column])
    })
  }

  test('a filter too long, or with too many terms', () => {
    assert.match(issueOf('a'.repeat(20_001))?.message ?? '', /20001 characters/)
    assert.match(issueOf('a '.repeat(1001))?.message ?? '', /more than 1000 terms/)
  })

  test('no text makes parser or evaluation throw', () => {
    const piece = fc.constantFrom(
      'a',
      '.',
      '"b"',
      '=',
      ':',
      '(',
      ')',
      ' AND ',
      ' OR ',
      'NOT ',
      '-',
      '=~',
      '*',
      '[0]',
      ',',
      'has_suffix(',
      '\\',
      ' ',
      '<',
      '!=',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 12 }), (parts) => {
        for (const parse of [parseLogFilter, parseResourceFilter]) {
          const parsed = parse(parts.join(''))
          if (parsed.ok) parsed.value.matches(ENTRY)
        }
      }),
      { numRuns: 1000 },
    )
  })
})
