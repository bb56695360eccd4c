import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { FakeGoogleKms } from '@countersign/adapters/testing/fake-google-kms.ts'
import { TestRegistry } from '@countersign/adapters/testing/registry.ts'
import { checkAttestation } from '@countersign/evidence/attestation/check-attestation.ts'
import { loadKeys } from '@countersign/evidence/attestation/loaded-keys.ts'
import { GNUPG_ABSENT, GnuPg } from '@countersign/evidence/testing/gnupg.ts'
import { OPENSSL_ABSENT } from '@countersign/evidence/testing/openssl.ts'
import { readStoredAttestation } from '@countersign/service/validation/unverified.ts'
import { ADMIN } from '@countersign/service/testing/callers.ts'
import { makeMetadataLists } from '@countersign/service/metadata/lists.ts'
import type { Tree } from '../../connection/api.ts'
import { type HttpSend, sendOverHttp } from '@countersign/adapters/http-send.ts'
import { readAttestation } from '../../evaluation/evidence-tables.ts'
import { FAKE_TOKEN, makeFakeServer } from '../../testing/fake-server.ts'
import { type MemoryWorld, runInMemory } from '../../testing/memory-terminal.ts'
import { discovery, type ScanScript, SCANNED_IMAGE, serveScans, vulnerability } from '../../testing/served-scans.ts'

const POLICY = `apiVersion: kritis.grafeas.io/v1beta1
kind: VulnzSigningPolicy
metadata:
  name: kritis-policy
spec:
  imageVulnerabilityRequirements:
    maximumFixableSeverity: MEDIUM
    maximumUnfixableSeverity: ALLOW_ALL
    allowlistCVEs: [CVE-2020-0001]
`
const CLEAN = [discovery('FINISHED_SUCCESS')]
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const CHECK = ['-image', SCANNED_IMAGE, '-policy', 'policy.yaml']
const SIGN = ['-note_name', 'projects/p1/notes/qa', '-pkix_private_key', 'key.pem', '-pkix_alg', 'ecdsa-p256-sha256']

/** What a client may write of an occurrence. */
function writable({ name: _name, createTime: _created, updateTime: _updated, ...tree }: Tree): Tree {
  return tree
}

/** `out`: where requests go that are not the server's. */
async function makeWorld(script: ScanScript, { out, ...more }: MemoryWorld & { readonly out?: HttpSend } = {}) {
  const server = await makeFakeServer()
  const files = { 'policy.yaml': POLICY, 'key.pem': privateKey.export({ type: 'pkcs8', format: 'pem' }), ...more.files }
  const scans = serveScans(server.send, script)
  const send: HttpSend = async (request) =>
    out === undefined || request.url.startsWith('http://127.0.0.1:8080/') ? await scans(request) : await out(request)
  const cli = async (...argv: readonly string[]) => await runInMemory(argv, { send, ...more, files })
  const run = async (...argv: readonly string[]) => await cli('signer', ...argv)
  const attestations = async () => JSON.parse((await cli('attestations', 'list', '-o', 'json')).stdout) as readonly Tree[]
  return { ...server, cli, run, attestations }
}

describe('countersign signer', () => {
  test('the founding document’s command line, with a key file of gpg: what it stores passes a gate’s check', { skip: GNUPG_ABSENT }, async (t) => {
    const gpg = new GnuPg()
    t.after(() => gpg.close())
    const id = gpg.makeKey('rsa2048', { time: '20260101T000000' })
    const { run, cli, attestations } = await makeWorld([CLEAN], { files: { 'key.asc': gpg.exportSecretKey(id), 'pub.asc': gpg.exportKey(id) } })
    const line = ['-mode', 'check-and-sign', '-image', SCANNED_IMAGE, '-policy', 'policy.yaml', '-vulnz_timeout', '60m']
    const { exit, stdout, stderr } = await run(...line, '-pgp_private_key', 'key.asc', '-note_name', 'projects/p1/notes/qa')
    assert.deepEqual([exit, stderr], [0, ''])
    assert.match(stdout, new RegExp(`conforms: scanned, and no vulnerability was found\n  signed with key ${id}: projects/p1/occurrences/`))
    const keys = await loadKeys([{ type: 'PGP', id, asciiArmored: gpg.exportKey(id) }])
    const results = (await attestations()).flatMap((tree) => checkAttestation(readStoredAttestation(readAttestation(tree)), keys))
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      ['VERIFIED'],
    )
    await cli('attestors', 'create', 'a1', '--attestation-authority-note=qa')
    await cli('attestors', 'public-keys', 'add', '--attestor=a1', '--pgp-public-key-file=pub.asc')
    assert.equal((await cli('attestations', 'validate', '--attestor=a1', `--artifact-url=${SCANNED_IMAGE}`)).exit, 0)
  })

  test('signs through the gpg program', { skip: GNUPG_ABSENT }, async (t) => {
    const gpg = new GnuPg()
    t.after(() => gpg.close())
    const id = gpg.makeKey('rsa2048')
    const { run } = await makeWorld([CLEAN], {
      runProgram: async (_name, args, input) => ({ code: 0, stdout: gpg.run(args, input), stderr: '' }),
      now: () => Date.now(),
    })
    const { exit, stdout } = await run(...CHECK, '-note_name', 'projects/p1/notes/qa', '--gpg-key', id)
    assert.deepEqual([exit, stdout.includes(`signed with key ${id}`)], [0, true])
  })

  test('the passphrase of a key comes from a file, or from a person; one on the command line is warned of', async () => {
    const encrypted = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open' })
    const sign = async (answer: string | undefined, ...more: readonly string[]) => {
      const files = { 'key.pem': encrypted, 'pass.txt': 'open\n' }
      const { run } = await makeWorld([CLEAN], { files, ...(answer === undefined ? {} : { answer }) })
      return await run(...CHECK, ...SIGN, ...more)
    }
    for (const { exit, stderr } of [await sign('open'), await sign(undefined, '--passphrase-file', 'pass.txt')])
      assert.deepEqual([exit, stderr], [0, ''])
    assert.match((await sign(undefined)).stderr, /^ERROR: Cannot use key "key.pem": missing passphrase/)
    assert.match((await sign('other')).stderr, /could not decrypt private key/)
    assert.match((await sign(undefined, '-pgp_passphrase', 'open')).stderr, /^WARNING: --pgp-passphrase can be read by every process/)
  })

  for (const compat of [[], ['--kritis-compat']]) {
    test(`the founding document’s step of cloudbuild.yaml ${compat.join()} signs with a version of Cloud KMS`, {
      skip: OPENSSL_ABSENT,
    }, async (t) => {
      const kms = await FakeGoogleKms.start()
      t.after(() => kms.close())
      const { version } = kms.addKey('attestor', 'ECDSA_P256_SHA256')
      const { run, cli } = await makeWorld([CLEAN], { env: kms.env, out: sendOverHttp })
      await cli('attestors', 'create', 'a1', '--attestation-authority-note=qa')
      await cli('attestors', 'public-keys', 'add', '--attestor=a1', `--keyversion=${version}`)
      const line =
        `-mode check-and-sign -image ${SCANNED_IMAGE} -policy policy.yaml -vulnz_timeout 60m ` +
        `-kms_key_name ${version} -kms_digest_alg SHA256 -note_name projects/p1/notes/qa`
      const { exit, stderr } = await run(...compat, ...line.split(' '))
      assert.deepEqual([exit, stderr], [0, ''])
      const { stdout } = await cli('attestations', 'validate', '--attestor=a1', `--artifact-url=${SCANNED_IMAGE}`, '-o', 'json')
      const verdicts = JSON.parse(stdout) as readonly { readonly result: string }[]
      assert.deepEqual([verdicts.map(({ result }) => result), stdout.includes(`"//cloudkms.googleapis.com/v1/${version}"`)], [['VERIFIED'], true])
    })
  }

  test('a digest that the key version does not take is told before anything is waited for; a keeper that is away leaves all open', {
    skip: OPENSSL_ABSENT,
  }, async () => {
    const kms = await FakeGoogleKms.start()
    const { version } = kms.addKey('attestor', 'ECDSA_P384_SHA384')
    const { run, requests } = await makeWorld([CLEAN], { env: kms.env, out: sendOverHttp })
    const line = [...CHECK, ...SIGN.slice(0, 2), '-kms_key_name', version]
    const mismatch = await run(...line, '-kms_digest_alg', 'SHA256')
    assert.deepEqual([mismatch.exit, /signs with ECDSA_P384_SHA384: expected SHA384/.test(mismatch.stderr), requests.length], [2, true, 0])
    kms.fault = 'DENIED'
    const denied = await run(...line)
    assert.deepEqual([denied.exit, /grant roles\/cloudkms/.test(denied.stderr), requests.length], [2, true, 0])
    await kms.close()
    assert.deepEqual([(await run(...line)).exit, (await run('--kritis-compat', ...line, '-kms_digest_alg', 'SHA384')).exit], [3, 255])
  })

  test('signs once, and anew with -overwrite', async () => {
    const { run, attestations } = await makeWorld([CLEAN])
    const name = async () => (await attestations()).map((tree) => tree['name'])
    assert.equal((await run(...CHECK, ...SIGN)).exit, 0)
    const first = await name()
    const again = await run(...CHECK, ...SIGN)
    assert.deepEqual([again.exit, /already signed/.test(again.stdout), await name()], [0, true, first])
    const anew = await run(...CHECK, ...SIGN, '-overwrite')
    assert.match(anew.stdout, new RegExp(`, in place of ${first.join()}`))
    assert.equal((await name()).length, 1)
  })

  test('bypass-and-sign asks for no scan and no policy, and makes a note that is absent', async () => {
    const { run, requests } = await makeWorld([])
    const line = ['-mode=bypass-and-sign', `-image=https://${SCANNED_IMAGE}`, '-note_name=projects/p1/notes/fresh', '-attestation_project=p12']
    const { exit, stdout } = await run(...line, ...SIGN.slice(2))
    assert.deepEqual([exit, /signed with key ni:\S+ projects\/p12\/occurrences\//.test(stdout)], [0, true])
    assert.ok(requests.some(({ method, url }) => method === 'POST' && url.includes('/v1/projects/p1/notes?noteId=fresh')))
  })

  test('tells each finding with the rule that decided it, and signs nothing that violates', async () => {
    const none = { fixedVersion: { kind: 'MAXIMUM' } }
    const found = [vulnerability('CVE-2020-0001', 'CRITICAL'), vulnerability('CVE-2020-0002', 'HIGH'), vulnerability('CVE-2020-0003', 'HIGH', none)]
    const { run, attestations } = await makeWorld([[...CLEAN, ...found]])
    const { exit, stdout } = await run(...CHECK, ...SIGN, '-o', 'json')
    const result = JSON.parse(stdout) as { readonly outcome: string; readonly check: { readonly findings: readonly Tree[] } }
    assert.deepEqual(
      [exit, result.outcome, result.check.findings.map(({ id, outcome, decidedBy }) => [id, outcome, (decidedBy as Tree)['rule']])],
      [
        1,
        'VIOLATES',
        [
          ['CVE-2020-0001', 'PASSES', 'ALLOWLIST'],
          ['CVE-2020-0002', 'VIOLATES', 'THRESHOLD'],
          ['CVE-2020-0003', 'PASSES', 'THRESHOLD'],
        ],
      ],
    )
    assert.deepEqual(await attestations(), [])
    const told = await run(...CHECK, '-mode', 'check-only')
    assert.match(
      told.stdout,
      /violates: 1 of 3 vulnerabilities may not remain\n {4}CVE-2020-0002 in openssl violates: HIGH.*\n {2}not signed: only checked\n$/,
    )
  })

  test('-o sarif has a result for each finding, and an open one where nothing could be concluded', async () => {
    const sarif = async (script: ScanScript) => {
      const { run } = await makeWorld(script)
      const tree = JSON.parse((await run(...CHECK, '-mode=check-only', '-o', 'sarif')).stdout) as {
        readonly runs: readonly [{ readonly results: readonly Tree[] }]
      }
      return tree.runs[0].results.map(({ ruleId, kind, level }) => [ruleId, kind, level])
    }
    assert.deepEqual(await sarif([[...CLEAN, vulnerability('CVE-2020-0001', 'LOW'), vulnerability('CVE-2020-0002', 'HIGH')]]), [
      ['CVE-2020-0001', 'pass', 'none'],
      ['CVE-2020-0002', 'fail', 'error'],
    ])
    assert.deepEqual(await sarif([[discovery('FINISHED_FAILED')]]), [['SCAN_FAILED', 'open', 'none']])
  })

  for (const [name, script, code, timedOut] of [
    ['no scan', [], 'NOT_SCANNED', true],
    ['a scan that goes on', [discovery('SCANNING')], 'SCAN_PENDING', true],
    ['a scan by a stranger', [discovery('FINISHED_SUCCESS', {}, 'projects/p12/notes/scan')], 'SCANNER_UNTRUSTED', true],
    ['a failed scan', [discovery('FINISHED_FAILED')], 'SCAN_FAILED', false],
    ['an unsupported image', [discovery('FINISHED_UNSUPPORTED')], 'SCAN_UNSUPPORTED', false],
    ['a scan that nobody follows up', [discovery('FINISHED_SUCCESS', { continuousAnalysis: 'INACTIVE' })], 'SCAN_STALE', false],
  ] as const) {
    test(`${name} is ${code}: exit 3, nothing signed`, async () => {
      const { run, attestations } = await makeWorld([script])
      const { exit, stdout } = await run(...CHECK, ...SIGN, '-o', 'json')
      const { check } = JSON.parse(stdout) as { readonly check: { readonly scan: Tree; readonly undecided: readonly Tree[] } }
      assert.deepEqual([exit, check.undecided.map((cause) => cause['code']), check.scan['timedOut']], [3, [code], timedOut])
      assert.deepEqual(await attestations(), [])
    })
  }

  test('tells what it waits for: before each wait at a terminal, elsewhere when something has changed', async () => {
    const script = [[], [], [discovery('PENDING')], CLEAN]
    const lines = async (more: MemoryWorld) => (await (await makeWorld(script, more)).run(...CHECK, '-mode=check-only')).stderr.split('\n')
    assert.deepEqual(await lines({}), [
      `Waiting for the scan of ${SCANNED_IMAGE}: no scan has begun, 5m left`,
      `Waiting for the scan of ${SCANNED_IMAGE}: it goes on, 4m58s left`,
    ])
    assert.equal((await lines({ interactive: true })).length, 3)
  })

  test('a fix deadline runs from the day that the advisory’s note tells', async () => {
    const files = { 'policy.yaml': POLICY.replace('    allowlist', '    fixDeadlines: { HIGH: 7d }\n    allowlist') }
    const { send } = await makeFakeServer()
    const judge = async (advisoryPublishTime: string) => {
      const served = serveScans(send, [[...CLEAN, vulnerability('CVE-2020-0002', 'HIGH')]])
      const note = new TextEncoder().encode(JSON.stringify({ vulnerability: { advisoryPublishTime } }))
      const answer: typeof send = async (request) =>
        request.url.includes('/goog-vulnz/') ? { status: 200, headers: {}, body: note } : await served(request)
      return (await runInMemory(['signer', ...CHECK, '-mode=check-only'], { send: answer, files })).exit
    }
    assert.deepEqual([await judge('2026-01-30T00:00:00Z'), await judge('2026-01-01T00:00:00Z')], [0, 1])
  })

  for (const [name, line, text] of [
    ['no image', ['-policy', 'policy.yaml'], 'No image was named'],
    ['a tag', ['-image', 'registry.example/p1/app:v1', '-policy', 'policy.yaml'], 'Image "registry.example/p1/app:v1" has no digest'],
    ['another mode', ['-mode', 'sign', ...CHECK], 'Mode "sign" is not known'],
    ['no policy', ['-image', SCANNED_IMAGE], 'No policy was named'],
    ['a policy file that is absent', ['-image', SCANNED_IMAGE, '-policy', 'none.yaml'], 'Cannot read "none.yaml"'],
    ['a timeout without unit', [...CHECK, '-vulnz_timeout', '5'], 'Timeout "5" is not valid'],
    ['no key', [...CHECK, ...SIGN.slice(0, 2)], 'No key to sign with was named'],
    ['no note', [...CHECK, ...SIGN.slice(2)], 'No note was named'],
    ['a note in capitals', [...CHECK, '-note_name', 'projects/p/NOTES/n', ...SIGN.slice(2)], 'projects/p/NOTES/n'],
    ['no algorithm', [...CHECK, ...SIGN.slice(0, 4)], 'Option --pkix-alg is required'],
    ['two keys', [...CHECK, ...SIGN, '--gpg-key', 'k'], '2 keys to sign with are named, expected one'],
    [
      'a KMS key without its version',
      [...CHECK, ...SIGN.slice(0, 2), '-kms_key_name', 'projects/p/k', '-kms_digest_alg', 'SHA256'],
      'expected projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/N',
    ],
    [
      'a digest that is not known',
      [...CHECK, ...SIGN.slice(0, 2), '-kms_key_name', 'k', '-kms_digest_alg', 'sha256'],
      'Digest algorithm "sha256" is not known',
    ],
    ['a key of no kind', [...CHECK, ...SIGN.slice(0, 2), '--key', 'rot13://k'], 'Key "rot13://k" is not known'],
    ['a format that is not known', [...CHECK, ...SIGN, '-o', 'xml'], 'Output format "xml" is not known'],
    ['an unknown flag', [...CHECK, '--nothing'], "unknown option '--nothing'"],
  ] as const) {
    test(`${name} is usage, told before anything is asked`, async () => {
      const { run, requests } = await makeWorld([CLEAN])
      const { exit, stderr } = await run(...line)
      assert.deepEqual([exit, stderr.includes(text), requests.length], [2, true, 0], stderr)
    })
  }

  test('a policy file’s issues have line and column', async () => {
    const files = { 'policy.yaml': POLICY.replace('MEDIUM', 'medium').replace('VulnzSigningPolicy', 'Policy') }
    const { run } = await makeWorld([CLEAN], { files })
    const { exit, stderr } = await run(...CHECK, '-mode=check-only')
    assert.deepEqual([exit, stderr.split('\n').map((line) => line.split(' ')[0])], [2, ['policy.yaml:2:1:', 'policy.yaml:7:5:', 'ERROR:']])
  })

  test('--all-platforms: an index is signed, and its platforms, where each was scanned', async (t) => {
    const registry = await TestRegistry.start()
    t.after(() => registry.close())
    const [amd, arm] = [
      registry.addImage('p1/app', { created: '2026-01-31T10:00:00Z' }),
      registry.addImage('p1/app', { created: '2026-01-31T11:00:00Z' }),
    ]
    const index = registry.addIndex('p1/app', { tag: 'multi', children: { 'linux/amd64': amd, 'linux/arm64': arm } })
    const of = (digest: string): Tree => ({ ...discovery('FINISHED_SUCCESS'), resourceUri: `https://${registry.host}/p1/app@${digest}` })
    const sign = async (...scans: readonly Tree[]) => {
      const { run } = await makeWorld([scans], { fetch: (url, init) => fetch(url, init) })
      const line = ['-image', `${registry.host}/p1/app@${index}`, '-policy', 'policy.yaml', '--all-platforms', '-o', 'json']
      const { exit, stdout } = await run(...line, ...SIGN)
      const { attestations, check } = JSON.parse(stdout) as { readonly attestations: readonly Tree[]; readonly check: { readonly undecided: Tree[] } }
      return [exit, attestations.map((one) => one['digest']), check.undecided.map(({ code, platform }) => [code, platform])]
    }
    assert.deepEqual(await sign(of(amd), of(arm)), [0, [amd, arm, index], []])
    assert.deepEqual(await sign(of(amd), of(index)), [3, [], [['NOT_SCANNED', 'linux/arm64']]])
  })

  test('platforms that a policy declares are looked for in the index, asked or not', async (t) => {
    const registry = await TestRegistry.start()
    t.after(() => registry.close())
    const amd = registry.addImage('p1/app', { created: '2026-01-31T10:00:00Z' })
    const index = registry.addIndex('p1/app', { tag: 'multi', children: { 'linux/amd64': amd } })
    const files = { 'policy.yaml': `${POLICY}  scanRequirements: { platforms: [linux/amd64, linux/s390x] }\n` }
    const scan = { ...discovery('FINISHED_SUCCESS'), resourceUri: `https://${registry.host}/p1/app@${amd}` }
    const { run } = await makeWorld([[scan]], { files, fetch: (url, init) => fetch(url, init) })
    const { exit, stdout } = await run('-mode=check-only', '-image', `${registry.host}/p1/app@${index}`, '-policy', 'policy.yaml')
    assert.deepEqual([exit, /linux\/s390x/.test(stdout)], [3, true])
  })

  test('reads what scanners wrote into the store itself', async () => {
    const { send } = await makeFakeServer()
    const files = { 'policy.yaml': `${POLICY}  scanRequirements: { trustedScanners: [p12] }\n` }
    const post = async (path: string, tree: Tree): Promise<void> => {
      const headers = { authorization: `Bearer ${FAKE_TOKEN}`, 'content-type': 'application/json' }
      const { status, body } = await send({
        method: 'POST',
        url: `http://127.0.0.1:8080/v1/${path}`,
        headers,
        body: Buffer.from(JSON.stringify(tree)),
      })
      assert.equal(status, 200, Buffer.from(body).toString())
    }
    const check = async () => (await runInMemory(['signer', ...CHECK, '-mode=check-only'], { send, files })).exit
    const fixed = {
      fixedVersion: { kind: 'NORMAL', name: '1.1' },
      fixedPackage: 'openssl',
      fixedCpeUri: 'cpe:/o:a:b:1',
      affectedCpeUri: 'cpe:/o:a:b:1',
    }
    assert.equal(await check(), 3)
    await post('projects/p12/notes?noteId=scan', { discovery: { analysisKind: 'VULNERABILITY' } })
    await post('projects/p1/occurrences', writable(discovery('FINISHED_SUCCESS', {}, 'projects/p12/notes/scan')))
    assert.equal(await check(), 0)
    const details = [{ affectedCpeUri: 'cpe:/o:a:b:1', affectedPackage: 'openssl' }]
    await post('projects/p12/notes?noteId=CVE-2020-0002', { vulnerability: { details } })
    await post('projects/p1/occurrences', {
      ...writable(vulnerability('CVE-2020-0002', 'HIGH', fixed)),
      noteName: 'projects/p12/notes/CVE-2020-0002',
    })
    assert.equal(await check(), 1)
  })

  test('a policy that names an identity believes what that identity wrote, and nobody who copies it', async () => {
    const { send, world } = await makeFakeServer()
    const trusted = '{ note: projects/p12/notes/scan, identity: scanner@example.com }'
    const files = { 'policy.yaml': `${POLICY}  scanRequirements: { trustedScanners: [${trusted}] }\n` }
    const write = async (principal: string, tree: Tree): Promise<unknown> =>
      await world.occurrences.createOccurrence({ ...ADMIN, principal }, 'projects/p1', writable(tree))
    const check = async () => await runInMemory(['signer', ...CHECK, '-mode=check-only', '-vulnz_timeout=0'], { send, files })
    await world.notes.createNote(ADMIN, { parent: 'projects/p12', noteId: 'scan', note: { discovery: { analysisKind: 'VULNERABILITY' } } })
    await write('mallory@example.com', discovery('FINISHED_SUCCESS', {}, 'projects/p12/notes/scan'))
    const forged = await check()
    assert.deepEqual([forged.exit, /mallory@example\.com/.test(forged.stdout)], [3, true])
    await write('scanner@example.com', discovery('FINISHED_SUCCESS', {}, 'projects/p12/notes/scan'))
    assert.equal((await check()).exit, 0)
    const { evidence } = await makeMetadataLists({ changes: world.store.changes, pageTokens: world.pageTokens }).listEvidence(
      ADMIN,
      'projects/p1',
      {},
    )
    const own = evidence.find(({ writer }) => writer === 'scanner@example.com')?.occurrence
    const update = { occurrence: { discovery: { analysisStatus: 'FINISHED_SUCCESS' } }, mask: ['discovery'] }
    await world.occurrences.updateOccurrence({ ...ADMIN, principal: 'mallory@example.com' }, String(own?.['name']), update)
    assert.equal((await check()).exit, 3)
  })

  test('the guide’s policy is one', async () => {
    const guide = readFileSync(new URL('../../../../../docs/guide/signing.md', import.meta.url), 'utf8')
    const { run } = await makeWorld([CLEAN], { files: { 'policy.yaml': /```yaml\n([\s\S]*?)```/.exec(guide)?.[1] ?? '' } })
    assert.equal((await run(...CHECK, '-mode=check-only')).exit, 0)
  })

  test('what the server refuses is no verdict: exit 3', async () => {
    const { run } = await makeWorld([CLEAN], { env: { COUNTERSIGN_TOKEN: 'other' } })
    const { exit, stderr } = await run(...CHECK, ...SIGN)
    assert.deepEqual([exit, stderr.startsWith('ERROR: UNAUTHENTICATED')], [3, true])
  })
})
