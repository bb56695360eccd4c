import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, test } from 'node:test'
import { makeFakeServer } from '../../testing/fake-server.ts'
import { type MemoryWorld, runInMemory } from '../../testing/memory-terminal.ts'
import { discovery, type ScanScript, SCANNED_IMAGE as IMAGE, serveScans, vulnerability } from '../../testing/served-scans.ts'

/** Kritis asks for neither kind nor version. */
const POLICY = `metadata: { name: pol }
spec: { imageVulnerabilityRequirements: { maximumFixableSeverity: HIGH, maximumUnfixableSeverity: LOW, allowlistCVEs: [projects/goog-vulnz/notes/CVE-1] } }
`
const CLEAN = [discovery('FINISHED_SUCCESS')]
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const CHECK = ['-mode', 'check-only', '-image', IMAGE, '-policy', 'policy.yaml']
const KEY = ['-pkix_private_key', 'key.pem', '-pkix_alg', 'ECDSA-P256-SHA256']
const BYPASS = ['-mode', 'bypass-and-sign', '-image', IMAGE, '-note_name', 'projects/p1/notes/qa', ...KEY]

async function makeRun(script: ScanScript = [CLEAN], policy = POLICY, more: MemoryWorld = {}) {
  const { send, requests } = await makeFakeServer()
  const files = { 'policy.yaml': policy, 'key.pem': privateKey.export({ type: 'pkcs8', format: 'pem' }), 'bad.pem': 'nothing', 'empty.asc': '' }
  const served = serveScans(send, script)
  const run = async (...argv: readonly string[]) => {
    const { exit, stdout, stderr } = await runInMemory(['signer', '--kritis-compat', ...argv], { send: served, files, ...more })
    return { exit, stdout, lines: stderr.split('\n').map((line) => line.replace(/^([IWEF])\d{4} \S+ +\d+ \S+\] /, '$1 ')) }
  }
  return { run, requests }
}

describe('countersign signer --kritis-compat', () => {
  test('§1.2: exit 0 is silent, for a check, a signature, and one that is there already', async () => {
    const { run } = await makeRun()
    assert.deepEqual(await run(...CHECK), { exit: 0, stdout: '', lines: [''] })
    assert.deepEqual(await run(...BYPASS), { exit: 0, stdout: '', lines: [''] })
    assert.deepEqual(await run(...BYPASS), { exit: 0, stdout: '', lines: [''] })
  })

  test('§1.2: INFO and WARNING lines where they are asked for', async () => {
    const { run } = await makeRun([[], [], CLEAN])
    assert.deepEqual((await run(...CHECK, '-logtostderr')).lines, [
      'I Signer mode: check-only.',
      'I Policy req: {HIGH LOW [projects/goog-vulnz/notes/CVE-1]}',
      `I waiting 1 seconds for container analysis of ${IMAGE} to complete`,
      `I waiting 2 seconds for container analysis of ${IMAGE} to complete`,
      'I Found vulnerabilities after 3s',
      `I Image "${IMAGE}" passes VulnzSigningPolicy pol.`,
    ])
    assert.deepEqual((await run(...BYPASS, '-stderrthreshold=INFO')).lines, [
      'I Signer mode: bypass-and-sign.',
      'I Using pkix key for signing.',
      'I Using specified attestation project: p1',
      `I No existing attestation was found for image "${IMAGE}".`,
      `I Creating attestation for image "${IMAGE}".`,
      `I Attestation for image "${IMAGE}" is successfully created locally.`,
      `I Uploading attestation for image "${IMAGE}".`,
      `I Attestation for image "${IMAGE}" is successfully uploaded.`,
    ])
    assert.deepEqual((await run(...BYPASS, '-stderrthreshold=WARNING')).lines, [
      `W Attestation for image "${IMAGE}" already existed and signer is configured not to overwrite.`,
    ])
    assert.deepEqual((await run(...BYPASS, '-overwrite', '-logtostderr')).lines.slice(3, 4), [
      `I Deleting existing attestation for image "${IMAGE}" because signer.config.overwrite=True.`,
    ])
  })

  test('§1.1 row attestation_project: empty, it is the second segment of the image’s path', async () => {
    const { run } = await makeRun([CLEAN], POLICY, { env: { COUNTERSIGN_PROJECT: '' } })
    const { exit, lines } = await run(...BYPASS, '-logtostderr')
    assert.deepEqual([exit, lines[2]], [0, 'I Using image project as attestation project: p1'])
  })

  test('§1.1: of several keys KMS goes before PGP, and PGP before PKIX, silently', async () => {
    const { run } = await makeRun()
    const [pgp, kms] = [['-pgp_private_key=bad.pem'], ['-kms_key_name=k', '-kms_digest_alg=SHA256']]
    assert.match((await run(...BYPASS, ...pgp)).lines[0] ?? '', /^F Creating pgp signer failed: /)
    assert.match((await run(...BYPASS, ...pgp, ...kms)).lines[0] ?? '', /^F Creating kms signer failed: /)
  })

  test('§8.1, #508: an image without tag and digest is a violation, no crash', async () => {
    const { exit, lines } = await (await makeRun()).run('-mode=check-only', '-image=registry.example/p1/app', '-policy=policy.yaml')
    assert.deepEqual([exit, lines[1]], [1, 'E Found 1 violations in image registry.example/p1/app:'])
  })

  test('§1.2, §1.6: exit 1 for violations, each an E line', async () => {
    const none = { fixedVersion: { kind: 'MAXIMUM' } }
    const { run } = await makeRun([
      [...CLEAN, vulnerability('CVE-1', 'CRITICAL'), vulnerability('CVE-2', 'CRITICAL'), vulnerability('CVE-3', 'HIGH', none)],
    ])
    const note = 'projects/goog-vulnz/notes'
    assert.deepEqual(await run(...CHECK), {
      exit: 1,
      stdout: '',
      lines: [
        `E Image "${IMAGE}" does not pass VulnzSigningPolicy "pol":`,
        `E Found 2 violations in image ${IMAGE}:`,
        `E found fixable CVE ${note}/CVE-2 in ${IMAGE}, which has severity CRITICAL exceeding max fixable severity HIGH`,
        `E found unfixable CVE ${note}/CVE-3 in ${IMAGE}, which has severity HIGH exceeding max unfixable severity LOW`,
      ],
    })
  })

  test('§1.6 step 1: an image without a digest is one violation, known without waiting', async () => {
    const { run, requests } = await makeRun()
    const { exit, lines } = await run('-mode=check-only', '-image=registry.example/p1/app:v1', '-policy=policy.yaml')
    assert.deepEqual([exit, lines[1], requests.length], [1, 'E Found 1 violations in image registry.example/p1/app:v1:', 0])
  })

  for (const [reason, mode, line] of [
    ['image url is empty', 'check-only', ['-mode=check-only', '-policy=policy.yaml']],
    ['policy path is empty', 'check-only', ['-mode=check-only', `-image=${IMAGE}`]],
    [
      'Neither kms_key_name, pgp_private_key, or pkix_private_key is specified',
      'bypass-and-sign',
      ['-mode=bypass-and-sign', `-image=${IMAGE}`, '-note_name=projects/p1/notes/qa'],
    ],
    [
      'note name is invalid note name projects/p/NOTES/n is not in the form of projects/[PROVIDER_ID]/notes/[NOTE_ID]',
      'check-and-sign',
      [`-image=${IMAGE}`, '-policy=policy.yaml', '-note_name=projects/p/NOTES/n', ...KEY],
    ],
  ] as const) {
    test(`§1.2: exit 1, usage and "Bad flags" for ${reason.slice(0, 30)}`, async () => {
      const { run } = await makeRun()
      const { exit, lines } = await run(...line)
      assert.deepEqual([exit, lines[0], lines.at(-1)], [1, `Usage of signer's ${mode} mode:`, `Bad flags for mode ${mode}: ${reason}. `])
    })
  }

  test('§1.5: exit 2 for a fix without a version, at which the original crashes', async () => {
    const { run } = await makeRun([[...CLEAN, vulnerability('CVE-2', 'LOW', { fixAvailable: true })]])
    assert.deepEqual([(await run(...CHECK)).exit], [2])
  })

  test('§1.2: exit 2 for an unknown flag', async () => {
    assert.equal((await (await makeRun()).run('--nothing')).exit, 2)
  })

  const WAIT = 'F Error waiting for vulnerability analysis '
  const fatal: readonly (readonly [name: string, text: string, line: readonly string[], script?: ScanScript, policy?: string])[] = [
    [
      'an unknown mode',
      'F Parse mode err unrecognized mode x, must be one of check-and-sign|check-only|bypass-and-sign.',
      ['-mode=x', `-image=${IMAGE}`],
    ],
    ['an absent policy file', 'F Fail to load vulnz signing policy: ', ['-mode=check-only', `-image=${IMAGE}`, '-policy=none']],
    ['an empty policy file', 'F Fail to parse policy file: EOF', CHECK, [CLEAN], ''],
    ['a bad timeout', 'F Fail to parse timeout ', [...CHECK, '-vulnz_timeout=5']],
    ['a failed scan', `${WAIT}container analysis has finished unsuccessfully`, CHECK, [[discovery('FINISHED_FAILED')]]],
    ['an unsupported image', `${WAIT}container analysis resource is known not to be supported`, CHECK, [[discovery('FINISHED_UNSUPPORTED')]]],
    ['a scan that does not end', `${WAIT}timeout while retrieving discovery occurrence`, CHECK, [[discovery('SCANNING')]]],
    ['another scanner', `${WAIT}timeout while retrieving discovery occurrence`, CHECK, [[discovery('FINISHED_SUCCESS', {}, 'projects/p/notes/n')]]],
    [
      'a misspelt threshold that is used',
      `F Error when evaluating image "${IMAGE}" against policy "pol"`,
      CHECK,
      [[...CLEAN, vulnerability('CVE-2', 'LOW')]],
      POLICY.replace('HIGH', 'high'),
    ],
    ['an unknown algorithm', 'F Empty or unknown PKIX signature algorithm: x', [...BYPASS, '-pkix_alg=x']],
    ['an absent key file', 'F Fail to read signer key: ', [...BYPASS, '-pkix_private_key=none']],
    ['a file that is no key', 'F Creating pkix signer failed: ', [...BYPASS, '-pkix_private_key=bad.pem']],
    ['#594: a PGP file that is no key', 'F Creating pgp signer failed: ', [...BYPASS, '-pgp_private_key=bad.pem']],
    ['#594: an empty PGP file', 'F Creating pgp signer failed: ', [...BYPASS, '-pgp_private_key=empty.asc']],
    ['a KMS key without its hash', 'F kms_digest_alg is unspecified, must be one of ', [...BYPASS, '-kms_key_name=k']],
    ['a hash that is not known', 'F Unsupported digest algorithm MD5', [...BYPASS, '-kms_key_name=k', '-kms_digest_alg=MD5']],
    [
      'a KMS key, which goes before others',
      'F Creating kms signer failed: Key "k" is not valid',
      [...BYPASS, '-kms_key_name=k', '-kms_digest_alg=SHA256'],
    ],
    ['a note of a project that is absent', 'F Signing image failed: ', [...BYPASS, '-note_name=projects/absent/notes/n']],
  ]
  for (const [name, text, line, script, policy] of fatal) {
    test(`§1.2: exit 255 for ${name}`, async () => {
      const { run } = await makeRun(script, policy)
      const { exit, lines } = await run(...line)
      assert.deepEqual([exit, lines.length, lines[0]?.startsWith(text)], [255, 1, true], lines.join('\n'))
    })
  }

  test('§1.6: a misspelt threshold that nothing is measured by is not noticed', async () => {
    assert.equal((await (await makeRun([CLEAN], POLICY.replace('HIGH', 'high'))).run(...CHECK)).exit, 0)
  })

  test('§3.1: what is signed are the original’s bytes, under the image as it was written', async () => {
    const { run, requests } = await makeRun()
    await run(...BYPASS, `-image=${IMAGE.replace('@', ':v1@')}`)
    const made = requests.find(({ method, url }) => method === 'POST' && url.endsWith('/v1/projects/p1/occurrences'))
    const { resourceUri, attestation } = JSON.parse(Buffer.from(made?.body ?? '').toString()) as {
      readonly resourceUri: string
      readonly attestation: { readonly serializedPayload: string }
    }
    const [repository, digest] = IMAGE.split('@')
    assert.deepEqual(
      [resourceUri, Buffer.from(attestation.serializedPayload, 'base64').toString()],
      [
        `https://${repository}:v1@${digest}`,
        `{"critical":{"identity":{"docker-reference":"${repository}"},"image":{"docker-manifest-digest":"${digest}"},"type":"atomic container signature"}}`,
      ],
    )
  })

  test('§1.7: the note that is made has the original’s words', async () => {
    const { run, requests } = await makeRun()
    await run(...BYPASS, '-note_name=projects/p1/notes/fresh')
    const made = requests.find(({ method, url }) => method === 'POST' && url.includes('noteId=fresh'))
    assert.deepEqual(JSON.parse(Buffer.from(made?.body ?? '').toString()), {
      shortDescription: 'Image Policy Security Attestor',
      longDescription: 'Image Policy Security Attestor deployed in  namespace',
      attestation: { hint: { humanReadableName: 'signing-aa' } },
    })
  })

  test('§1.7: its calls are the original’s, in its order, with its filters', async () => {
    const { run, requests } = await makeRun([[], CLEAN])
    const served = requests.length
    assert.equal((await run(...CHECK, ...KEY, '-mode=check-and-sign', '-note_name=projects/p1/notes/fresh')).exit, 0)
    const calls = requests.slice(served).map(({ method, url }) => {
      const { pathname, searchParams } = new URL(url)
      return [
        method,
        pathname.replace(/occurrences\/[0-9a-f-]{36}$/, 'occurrences/ID'),
        searchParams.get('filter') ?? searchParams.get('noteId'),
      ] as const
    })
    assert.deepEqual(calls, [
      ['GET', '/v1/projects/p1/notes/fresh/occurrences', `resourceUrl="https://${IMAGE}"`],
      ['GET', '/v1/projects/p1/notes/fresh', null],
      ['POST', '/v1/projects/p1/notes', 'fresh'],
      ['POST', '/v1/projects/p1/occurrences', null],
      // Ours alone: what was stored is read back and verified.
      ['GET', '/v1/projects/p1/occurrences/ID', null],
    ])
  })
})
